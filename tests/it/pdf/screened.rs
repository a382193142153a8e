//! What may not be sealed, as it could come to show something else: P7 of `cases/notary.md`. Each
//! is refused by its own name, with the object it is in and what to do about it.

use muhrdor::pdf::{Document, PdfError, Sealable};

use super::paper::{Packed, Paper};
use super::{refused, unsealable};

const PRINT_AGAIN: &str = "print the document to a new PDF";

/// The file is read and may not be sealed: for this reason, in these words.
fn check(paper: &Paper, expected: &PdfError, words: &str) {
    let error = unsealable(&paper.bytes());
    assert_eq!(&error, expected);
    assert_eq!(error.to_string(), words);
}

fn may_be_sealed(paper: &Paper) {
    let bytes = paper.bytes();
    let document = Document::read(&bytes).unwrap();
    assert!(Sealable::screen(&document).is_ok());
}

/// A page with this annotation, which is object 5.
fn annotated(entries: &str) -> Paper {
    let annotation = format!("<< /Type /Annot /Rect [0 0 9 9] {entries} >>");
    Paper::new()
        .also(Paper::PAGE, "/Annots [5 0 R]")
        .object(5, annotation)
}

/// A form with this field, which is object 5.
fn with_field(entries: &str) -> Paper {
    Paper::new()
        .also(Paper::CATALOG, "/AcroForm << /Fields [5 0 R] >>")
        .object(5, format!("<< /T (field) {entries} >>"))
}

/// A layer, which is object 5, and this default configuration.
fn layered(layer: &str, default: &str) -> Paper {
    let properties = format!("/OCProperties << /OCGs [5 0 R] /D << {default} >> >>");
    Paper::new()
        .also(Paper::CATALOG, &properties)
        .object(5, format!("<< /Type /OCG /Name (layer) {layer} >>"))
}

#[test]
fn p7_an_encrypted_file_is_refused() {
    let packed = Packed::of(&[(7, "(text)")]);
    for bytes in [
        Paper::new().trailer("/Encrypt << >>").bytes(),
        Paper::new().trailer("/Encrypt << >>").packed(&packed),
    ] {
        let error = refused(&bytes);
        assert_eq!(error, PdfError::Encrypted);
        let words = "the PDF is encrypted: save it without a password and without restrictions";
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn p7_a_hybrid_file_is_refused() {
    let error = refused(&Paper::new().trailer("/XRefStm 15").bytes());
    assert_eq!(error, PdfError::Hybrid);
    let words = "the PDF has a cross-reference table and a stream for the same objects: ";
    assert_eq!(error.to_string(), format!("{words}{PRINT_AGAIN}"));
}

#[test]
fn p7_a_script_is_refused_wherever_it_stands() {
    const SCRIPT: &str = "<< /S /JavaScript /JS (app.alert(1)) >>";
    let new = Paper::new;
    for (paper, object) in [
        (new().also(1, "/Names << /JavaScript << >> >>"), 1),
        (new().also(1, &format!("/OpenAction {SCRIPT}")), 1),
        (new().also(1, "/OpenAction 5 0 R").object(5, SCRIPT), 1),
        (new().also(3, &format!("/A {SCRIPT}")), 3),
        (annotated(&format!("/Subtype /Link /A {SCRIPT}")), 5),
        (annotated(&format!("/Subtype /Link /PA {SCRIPT}")), 5),
        (annotated("/A << /S /Rendition /R << >> >>"), 5),
        (annotated("/A << /S /GoTo /D [3 0 R /Fit] /JS (1) >>"), 5),
        (
            annotated(&format!("/A << /S /GoTo /D (a) /Next [{SCRIPT}] >>")),
            5,
        ),
        // Nothing says what it is: another object makes it one.
        (new().also(1, "/PieceInfo 5 0 R").object(5, SCRIPT), 5),
        (new().also(1, "/#4fpenAction << /#4a#53 (1) >>"), 1),
    ] {
        let words = format!("the PDF has a script in object `{object}`: {PRINT_AGAIN}");
        check(&paper, &PdfError::Script { object }, &words);
    }
}

#[test]
fn p7_a_script_in_an_object_stream_is_refused() {
    let packed = Packed::of(&[(7, "<< /S /JavaScript /JS (1) >>")]);
    let bytes = Paper::new()
        .also(Paper::CATALOG, "/OpenAction 7 0 R")
        .packed(&packed);
    let expected = PdfError::Script {
        object: Paper::CATALOG,
    };
    assert_eq!(unsealable(&bytes), expected);
}

#[test]
fn p7_an_action_other_than_going_to_a_place_is_refused() {
    for kind in [
        "Launch",
        "SubmitForm",
        "ImportData",
        "ResetForm",
        "GoToR",
        "GoToE",
        "GoToDp",
        "Hide",
        "Movie",
        "Sound",
        "SetOCGState",
        "RichMediaExecute",
        "GoTo3DView",
        "Thread",
        "Trans",
        "Named",
        "OfSomeProgram",
    ] {
        let action = format!("<< /S /{kind} /F (a) >>");
        for (paper, object) in [
            (Paper::new().also(1, &format!("/OpenAction {action}")), 1),
            (Paper::new().also(1, &format!("/OpenAction [{action}]")), 1),
            (annotated(&format!("/Subtype /Link /A {action}")), 5),
        ] {
            let kind = kind.to_owned();
            let words = format!(
                "the PDF has an action of the kind `{kind}` in object `{object}`: only places in \
                 the document and links may be gone to"
            );
            check(&paper, &PdfError::Action { object, kind }, &words);
        }
    }
    may_be_sealed(&annotated("/Subtype /Link /A << /S /GoTo /D (a) >>"));
    // Nothing calls it yet.
    let waits = Paper::new().also(1, "/PieceInfo 5 0 R");
    let error = unsealable(&waits.object(5, "<< /S /Launch >>").bytes());
    assert!(matches!(error, PdfError::Action { object: 5, .. }));
    may_be_sealed(&Paper::new().also(1, "/OpenAction [3 0 R /Fit]"));
}

#[test]
fn p7_what_a_page_or_a_field_does_by_itself_is_refused() {
    let actions = "/AA << /O << /S /GoTo /D (a) >> >>";
    for (paper, object) in [
        (Paper::new().also(Paper::PAGE, actions), Paper::PAGE),
        (Paper::new().also(Paper::CATALOG, actions), Paper::CATALOG),
        (annotated(actions), 5),
    ] {
        let kind = "AA".to_owned();
        let error = unsealable(&paper.bytes());
        assert_eq!(error, PdfError::Action { object, kind });
        assert!(error.to_string().contains(&format!("`{object}`")));
    }
}

#[test]
fn p7_a_link_leads_to_a_page_of_the_web_or_to_a_mail_only() {
    let link = |to: &str| annotated(&format!("/Subtype /Link /A << /S /URI /URI ({to}) >>"));
    for to in [
        "http://portal.example",
        "file:///etc/passwd",
        "javascript:1",
        "https:portal.example",
        " https://portal.example",
        "",
    ] {
        let error = PdfError::Link {
            object: 5,
            to: to.to_owned(),
        };
        let words =
            format!("the PDF has a link to `{to}` in object `5`: only https and mailto may be");
        check(&link(to), &error, &words);
    }
    may_be_sealed(&link("https://portal.example/a"));
    may_be_sealed(&link("HTTPS://portal.example/a"));
    may_be_sealed(&link("mailto:registry@portal.example"));
    let long = link(&format!("http://{}\\n", "a".repeat(4000))).bytes();
    let words = unsealable(&long).to_string();
    assert!(words.len() < 300, "a message is one line: {words}");
}

#[test]
fn p7_a_form_field_with_a_value_is_refused() {
    let inherits = with_field("/FT /Tx /Kids [6 0 R]")
        .object(6, "<< /Subtype /Widget /Parent 5 0 R /V (text) >>");
    let loops = with_field("/Parent 5 0 R /Kids [] /V (text)");
    for (paper, object) in [
        (with_field("/FT /Tx /V (text)"), 5),
        (with_field("/FT /Ch /V [(a) (b)]"), 5),
        (with_field("/FT /Btn /V /Yes"), 5),
        (with_field("/Subtype /Widget /V (of no kind)"), 5),
        (inherits, 6),
        (loops, 5),
    ] {
        let words = format!("the PDF has a form field with a value in object `{object}`: ");
        let words = words + PRINT_AGAIN;
        check(&paper, &PdfError::FormValue { object }, &words);
    }
    may_be_sealed(&with_field("/FT /Tx"));
    may_be_sealed(&with_field("/FT /Sig"));
}

#[test]
fn p7_a_form_that_the_viewer_draws_is_refused() {
    let paper = Paper::new().also(1, "/AcroForm << /Fields [] /NeedAppearances true >>");
    let words = "the PDF leaves the look of its form fields to the viewer in object `1`: ";
    let words = words.to_owned() + PRINT_AGAIN;
    check(&paper, &PdfError::FormLook { object: 1 }, &words);
}

#[test]
fn p7_an_xfa_form_is_refused() {
    let words = format!("the PDF has an XFA form in object `1`: {PRINT_AGAIN}");
    let paper = Paper::new().also(1, "/AcroForm << /Fields [] /XFA [(template) (x)] >>");
    check(&paper, &PdfError::Xfa { object: 1 }, &words);
}

#[test]
fn p7_an_embedded_file_is_refused() {
    let new = Paper::new;
    for (paper, object) in [
        (new().also(1, "/Names << /EmbeddedFiles << >> >>"), 1),
        (new().also(1, "/AF []"), 1),
        (new().also(3, "/B 5 0 R").object(5, "<< /EF << >> >>"), 5),
        (
            new()
                .also(3, "/B 5 0 R")
                .stream(5, "/Type /EmbeddedFile", b"a"),
            5,
        ),
        (new().also(3, "/B << /Type /Filespec /F (a) >>"), 3),
        (new().also(3, "/B << /RF [] >>"), 3),
    ] {
        let words = format!("the PDF has an embedded file in object `{object}`: ");
        let words = words + "save it without attachments";
        check(&paper, &PdfError::EmbeddedFile { object }, &words);
    }
}

#[test]
fn p7_an_annotation_that_plays_or_carries_something_is_refused() {
    for kind in [
        "RichMedia",
        "3D",
        "Screen",
        "Movie",
        "Sound",
        "FileAttachment",
    ] {
        let paper = annotated(&format!("/Subtype /{kind}"));
        let words = format!("the PDF has an annotation of the kind `{kind}` in object `5`: ");
        let words = words + "take it out";
        let kind = kind.to_owned();
        check(&paper, &PdfError::Annotation { object: 5, kind }, &words);
    }
}

#[test]
fn p7_a_file_certified_against_every_change_is_refused() {
    let certified = |parameters: &str| {
        let reference = format!("<< /TransformMethod /DocMDP {parameters} >>");
        Paper::new()
            .also(Paper::CATALOG, "/Perms << /DocMDP 5 0 R >>")
            .object(5, format!("<< /Type /Sig /Reference [{reference}] >>"))
    };
    for permission in ["1", "0", "4", "1.0", "true"] {
        let words = "the PDF is certified against every change in object `5`: ";
        let words = words.to_owned() + PRINT_AGAIN;
        let paper = certified(&format!("/TransformParams << /P {permission} >>"));
        check(
            &paper,
            &PdfError::CertifiedUnchangeable { object: 5 },
            &words,
        );
    }
    may_be_sealed(&certified("/TransformParams << /P 2 >>"));
    may_be_sealed(&certified("/TransformParams << /P 3 >>"));
    may_be_sealed(&certified(""));
}

#[test]
fn p7_content_of_another_file_is_refused() {
    let stream = |entries: &str| Paper::new().stream(Paper::CONTENT, entries, b"");
    for entries in [
        "/F (other.pdf)",
        "/F << >>",
        "/FFilter /FlateDecode",
        "/FDecodeParms << >>",
        "/Subtype /Form /Ref << /F (other.pdf) >>",
        "/OPI << >>",
    ] {
        let words = "the PDF takes content from another file in object `4`: ";
        let words = words.to_owned() + PRINT_AGAIN;
        let error = PdfError::ExternalContent { object: 4 };
        check(&stream(entries), &error, &words);
    }
}

/// The words of what is not always shown.
fn check_hidden(paper: &Paper, object: u32) {
    let words =
        format!("the PDF has content that is not always shown in object `{object}`: {PRINT_AGAIN}");
    check(paper, &PdfError::HiddenContent { object }, &words);
}

#[test]
fn p7_a_layer_that_can_be_hidden_is_refused() {
    check_hidden(&layered("/Usage << >>", "/ON [5 0 R]"), 5);
    let untyped = "<< /Name (layer) /Usage << >> >>";
    check_hidden(&layered("", "/ON [5 0 R]").object(5, untyped), 5);
    for default in [
        "/OFF [5 0 R]",
        "/BaseState /OFF",
        "/BaseState /Unchanged",
        "/AS [<< /Event /Print /OCGs [5 0 R] /Category [/Print] >>]",
    ] {
        check_hidden(&layered("", default), Paper::CATALOG);
    }
    let others = Paper::new().also(1, "/OCProperties << /OCGs [] /D << >> /Configs [] >>");
    check_hidden(&others, Paper::CATALOG);
    may_be_sealed(&layered("", "/BaseState /ON /OFF [] /ON [5 0 R]"));
}

#[test]
fn p7_content_shown_where_a_layer_is_not_is_refused() {
    let member = |entries: &str| {
        layered("", "/ON [5 0 R]")
            .also(Paper::PAGE, "/Resources << /Properties << /M 6 0 R >> >>")
            .object(6, format!("<< /Type /OCMD /OCGs 5 0 R {entries} >>"))
    };
    for entries in ["/P /AllOff", "/P /AnyOff", "/VE [/Not 5 0 R]"] {
        check_hidden(&member(entries), 6);
    }
    may_be_sealed(&member(""));
    may_be_sealed(&member("/P /AllOn"));
}

#[test]
fn p7_an_annotation_that_only_paper_shows_is_refused() {
    for flags in ["32", "36", "256", "4294967328", "32.0", "(32)"] {
        check_hidden(&annotated(&format!("/Subtype /Stamp /F {flags}")), 5);
    }
    let elsewhere = annotated("/Subtype /Stamp /F 6 0 R").object(6, "32");
    check_hidden(&elsewhere, 5);
    may_be_sealed(&annotated("/Subtype /Stamp /F 4"));
}

#[test]
fn p7_a_picture_with_another_one_for_print_is_refused() {
    let picture = "/Type /XObject /Subtype /Image /Alternates []";
    let paper = Paper::new()
        .also(Paper::PAGE, "/Resources << /XObject << /I 5 0 R >> >>")
        .stream(5, picture, b"");
    check_hidden(&paper, 5);
}

#[test]
fn p7_what_shows_something_and_is_not_reached_is_refused() {
    for entries in [
        "/Type /Page",
        "/Type /Pages",
        "/Type /Catalog",
        "/Type /Annot",
        "/Type /Font",
        "/Type /XObject",
        "/Type /Sig",
        "/#54ype /#50age",
        "/Subtype /Form",
        "/Subtype /Image",
        "/Subtype /Stamp /Rect [0 0 9 9]",
        "/FT /Sig",
        "/ByteRange []",
    ] {
        let paper = Paper::new().object(5, format!("<< {entries} >>"));
        let words = format!("object `5` of the PDF can be shown and is not: {PRINT_AGAIN}");
        check(&paper, &PdfError::Unreachable { object: 5 }, &words);
    }
    may_be_sealed(&Paper::new().object(5, "<< /Producer (a program) >>"));
}
