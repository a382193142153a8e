//! Taking a signature apart and putting it together otherwise, as an attacker would.

/// An element that can be changed: a constructed one has children, another one bytes.
#[derive(Debug, Clone)]
pub(super) struct Node {
    tag: u8,
    bytes: Vec<u8>,
    children: Vec<Node>,
}

impl Node {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let (node, rest) = Self::split(bytes);
        assert!(rest.is_empty());
        node
    }

    fn split(bytes: &[u8]) -> (Self, &[u8]) {
        let (tag, first) = (bytes[0], usize::from(bytes[1]));
        let digits = first.saturating_sub(0x80);
        let length = bytes[2..2 + digits]
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        let length = if first < 0x80 { first } else { length };
        let (value, rest) = bytes[2 + digits..].split_at(length);
        let mut node = Self {
            tag,
            bytes: value.to_vec(),
            children: Vec::new(),
        };
        let mut inside = value;
        while tag & 0x20 != 0 && !inside.is_empty() {
            let (child, rest) = Self::split(inside);
            node.children.push(child);
            inside = rest;
        }
        (node, rest)
    }

    pub(super) fn of(tag: u8, children: Vec<Self>) -> Self {
        Self {
            tag,
            bytes: Vec::new(),
            children,
        }
    }

    pub(super) fn leaf(tag: u8, bytes: &[u8]) -> Self {
        Self {
            tag,
            bytes: bytes.to_vec(),
            children: Vec::new(),
        }
    }

    pub(super) fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |node, at| &mut node.children[*at])
    }

    pub(super) fn children(&mut self) -> &mut Vec<Self> {
        &mut self.children
    }

    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut value = self.bytes.clone();
        if self.tag & 0x20 != 0 {
            value = self.children.iter().flat_map(Self::write).collect();
        }
        let length = value.len().to_be_bytes();
        let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
        let mut out = vec![self.tag];
        if value.len() >= 0x80 {
            out.push(0x80 + u8::try_from(digits.len()).unwrap());
        }
        match value.is_empty() {
            true => out.push(0),
            false => out.extend(digits),
        }
        out.extend(value);
        out
    }
}
