//! The provider's pages: a plain form, and plain words when something is wrong.

use crate::demo::people::{ACCOUNTS, Realm};

/// The sign-in page. `hidden` is the authorization request, carried along; `message` says what was
/// wrong with the last try.
pub(super) fn sign_in(realm: Realm, hidden: &[(&str, &str)], message: Option<&str>) -> String {
    let title = match realm {
        Realm::Applicants => "Fuqarolar uchun kirish · Sign-in of applicants",
        Realm::Officials => "Xodimlar uchun kirish · Sign-in of officials",
    };
    let carried = hidden.iter().map(|(name, value)| {
        format!(
            "<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n",
            escaped(value)
        )
    });
    let carried = carried.collect::<Vec<_>>().concat();
    let message = message
        .map(|message| {
            format!(
                "<p role=\"alert\" class=\"wrong\">{}</p>\n",
                escaped(message)
            )
        })
        .unwrap_or_default();
    let who = ACCOUNTS
        .iter()
        .filter(|account| account.realm == realm)
        .map(|account| {
            let (login, password) = (account.login, account.password);
            format!("<li><code>{login}</code> · <code>{password}</code></li>\n")
        });
    let who = who.collect::<Vec<_>>().concat();
    let body = format!(
        "<h1>{title}</h1>\n{message}\
         <form method=\"post\" action=\"/{realm}/authorize\" autocomplete=\"off\">\n{carried}\
         <p><label for=\"login\">Login</label>\n\
         <input id=\"login\" name=\"login\" required autofocus></p>\n\
         <p><label for=\"password\">Parol · Password</label>\n\
         <input id=\"password\" name=\"password\" type=\"password\" required></p>\n\
         <p><button type=\"submit\">Kirish · Sign in</button>\n\
         <button type=\"submit\" name=\"cancel\" value=\"1\" formnovalidate>\
         Bekor qilish · Cancel</button></p>\n\
         </form>\n\
         <h2>Demo</h2>\n<ul>\n{who}</ul>\n",
        realm = realm.as_str(),
    );
    framed(title, &body)
}

/// Why no sign-in can be begun, where there is no address to send the person back to.
pub(super) fn refused(why: &str) -> String {
    framed(
        "Sign-in is not possible",
        &format!(
            "<h1>Sign-in is not possible</h1>\n<p>{}</p>\n",
            escaped(why)
        ),
    )
}

pub(super) fn signed_out() -> String {
    framed(
        "Signed out",
        "<h1>Tizimdan chiqdingiz · You are signed out</h1>\n",
    )
}

fn framed(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"uz-Latn\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         </body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

const STYLE: &str = "body{font:1.1rem/1.5 sans-serif;margin:0;color:#111;background:#fff}\
main{max-width:28rem;margin:2rem auto;padding:0 1rem}label{display:block}\
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #555}\
button{font:inherit;padding:.5rem 1rem}.wrong{border-left:4px solid #a00;padding-left:.5rem}";
