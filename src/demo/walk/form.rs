//! Reading the one form on a sign-in page, as a browser would.

/// A form: where it goes and what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    /// The first form of the page that has a field `login`.
    pub(super) fn find(page: &str) -> Option<Self> {
        page.split("<form").skip(1).find_map(Self::read)
    }

    fn read(after_name: &str) -> Option<Self> {
        let (form, _) = after_name.split_once("</form>").unwrap_or((after_name, ""));
        let (head, inside) = form.split_once('>')?;
        let mut fields = Vec::new();
        for tag in inside.split("<input").skip(1) {
            let (attributes, _) = tag.split_once('>')?;
            if let Some(name) = attribute(attributes, "name") {
                fields.push((name, attribute(attributes, "value").unwrap_or_default()));
            }
        }
        fields
            .iter()
            .any(|(name, _)| name == "login")
            .then_some(())?;
        Some(Self {
            action: attribute(head, "action").unwrap_or_default(),
            fields,
        })
    }

    /// The fields with these values in place.
    pub(super) fn filled<'a>(&'a self, values: &[(&str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        self.fields
            .iter()
            .map(|(name, value)| {
                let given = values.iter().find(|(field, _)| field == name);
                (
                    name.as_str(),
                    given.map_or(value.as_str(), |(_, given)| given),
                )
            })
            .collect()
    }
}

/// The value of a quoted attribute, its character references resolved.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let (_, rest) = attributes.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(
        value
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#x2F;", "/")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_with_a_login_is_found_and_filled() {
        let page = "<form action=\"/search\"><input name=\"q\"></form>\
                    <form method=\"post\" action=\"/in?a=1&amp;b=2\">\
                    <input type=\"hidden\" name=\"state\" value=\"x&amp;y\">\
                    <input name=\"login\"><input name=\"password\" type=\"password\"></form>";
        let form = Form::find(page).unwrap();
        assert_eq!(form.action, "/in?a=1&b=2");
        let filled = form.filled(&[("login", "aziza"), ("password", "secret")]);
        assert_eq!(
            filled,
            [("state", "x&y"), ("login", "aziza"), ("password", "secret")]
        );
        assert_eq!(
            Form::find("<form action=\"/x\"><input name=\"q\"></form>"),
            None
        );
    }
}
