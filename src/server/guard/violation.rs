//! What a request did that leaves it without one reading.

macro_rules! violations {
    ($($(#[$doc:meta])* $Variant:ident = $code:literal, $status:literal;)*) => {
        /// Why the guard turned a request away. The code is stable: it is counted and journaled.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Violation { $($(#[$doc])* $Variant,)* }

        impl Violation {
            pub const ALL: &'static [Self] = &[$(Self::$Variant,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$Variant => $code,)* }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$Variant => $status,)* }
            }
        }
    };
}

violations! {
    /// A line feed without a carriage return (RFC 9112 §2.2).
    BareLineFeed = "bare_line_feed", 400;
    /// A carriage return without a line feed (RFC 9112 §2.2).
    BareCarriageReturn = "bare_carriage_return", 400;
    ControlCharacter = "control_character", 400;
    /// An empty line where a request line belongs.
    EmptyRequestLine = "empty_request_line", 400;
    /// Not `method SP target SP version` (RFC 9112 §3).
    RequestLine = "request_line", 400;
    RequestLineTooLong = "request_line_too_long", 414;
    Method = "method", 400;
    /// Longer than any method we know (RFC 9112 §3).
    MethodTooLong = "method_too_long", 501;
    /// CONNECT: no tunnels, and a body that frames differently.
    Connect = "connect", 405;
    /// Not origin-form, or with a character no target has.
    Target = "target", 400;
    Version = "version", 400;
    /// A well-formed version that is not spoken on this connection.
    VersionNotSupported = "version_not_supported", 505;
    /// A continuation line (RFC 9112 §5.2).
    FoldedHeader = "folded_header", 400;
    HeaderName = "header_name", 400;
    /// A name with `_` or `.`, which some servers read as `-`.
    AliasHeaderName = "alias_header_name", 400;
    HeaderNameTooLong = "header_name_too_long", 431;
    HeaderValueTooLong = "header_value_too_long", 431;
    TooManyHeaders = "too_many_headers", 431;
    HeadTooLong = "head_too_long", 431;
    HostMissing = "host_missing", 400;
    HostRepeated = "host_repeated", 400;
    Host = "host", 400;
    ContentLength = "content_length", 400;
    ContentLengthRepeated = "content_length_repeated", 400;
    TransferEncoding = "transfer_encoding", 400;
    /// Transfer-Encoding beside Content-Length, or below HTTP/1.1 (RFC 9112 §6.1).
    TransferEncodingMisplaced = "transfer_encoding_misplaced", 400;
    Expectation = "expectation", 417;
    Connection = "connection", 400;
    ChunkSize = "chunk_size", 400;
    ChunkTooLarge = "chunk_too_large", 413;
    /// Chunk data not followed by CR LF.
    ChunkEnd = "chunk_end", 400;
    Trailer = "trailer", 400;
    TrailersTooLong = "trailers_too_long", 431;
    HeadTimeout = "head_timeout", 408;
    BodyTimeout = "body_timeout", 408;
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
