//! Values to bytes, one spelling each.

use super::object::{Dictionary, Name, Object};

/// Writes a value. A stream is written as its dictionary: its data is the caller's.
pub(in crate::pdf) fn write(out: &mut Vec<u8>, object: &Object) {
    match object {
        Object::Null => out.extend(b"null"),
        Object::Boolean(true) => out.extend(b"true"),
        Object::Boolean(false) => out.extend(b"false"),
        Object::Integer(value) => out.extend(value.to_string().bytes()),
        Object::Real(real) => out.extend(real.as_str().bytes()),
        Object::Text(bytes) => write_text(out, bytes),
        Object::Name(name) => write_name(out, name),
        Object::Array(items) => write_array(out, items),
        Object::Dictionary(dictionary) => write_dictionary(out, dictionary),
        Object::Stream(stream) => write_dictionary(out, &stream.dictionary),
        Object::Reference(reference) => out.extend(format!("{reference} R").bytes()),
    }
}

pub(in crate::pdf) fn write_dictionary(out: &mut Vec<u8>, dictionary: &Dictionary) {
    out.extend(b"<<");
    for (key, value) in dictionary.entries() {
        out.push(b' ');
        write_name(out, key);
        out.push(b' ');
        write(out, value);
    }
    out.extend(b" >>");
}

/// Lower-case hexadecimal digits, without the brackets.
pub(in crate::pdf) fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let digit = |value: u8| match value {
        0..=9 => b'0' + value,
        _ => b'a' + (value - 10),
    };
    out.extend(bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]));
}

fn write_array(out: &mut Vec<u8>, items: &[Object]) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        write(out, item);
    }
    out.push(b']');
}

/// Text that prints is written as it reads, everything else as hexadecimal digits.
fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        out.push(b'<');
        write_hex(out, bytes);
        out.push(b'>');
        return;
    }
    out.push(b'(');
    for byte in bytes {
        if matches!(byte, b'(' | b')' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b')');
}

fn write_name(out: &mut Vec<u8>, name: &Name) {
    out.push(b'/');
    for byte in name.as_bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"!$&'*+,-.:;=?@^_`|~\"\\".contains(byte);
        if plain {
            out.push(*byte);
        } else {
            out.push(b'#');
            write_hex(out, &[*byte]);
        }
    }
}
