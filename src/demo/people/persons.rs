//! What is on file about each person.

use crate::demo::people::{
    AZIZA, BOTIR, DILSHOD, FARRUKH, GULNORA, JASUR, KAMOLA, MALIKA, NODIRA, SHERZOD, ZUHRA,
};

/// What the registers of the demo know of a person.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) struct Person {
    pub pinfl: &'static str,
    pub name: &'static str,
    /// ISO 8601 date.
    pub born: &'static str,
    pub passport: &'static str,
    pub district: &'static str,
    pub street: &'static str,
    pub phone: &'static str,
    pub marital_status: &'static str,
    /// PINFL and what they are to this person.
    pub relatives: &'static [(&'static str, &'static str)],
    pub children: &'static [&'static str],
    /// In soum.
    pub monthly_income: u64,
    pub employer: &'static str,
    pub employed_since: &'static str,
    pub diagnosis: &'static str,
    /// Under state protection.
    pub protected: bool,
    /// Limited the sharing of their data.
    pub restricted: bool,
    pub minor: bool,
}

/// A person with nothing unusual about them; the table below says what differs.
const PLAIN: Person = Person {
    pinfl: "",
    name: "",
    born: "",
    passport: "",
    district: "Yunusobod",
    street: "",
    phone: "",
    marital_status: "single",
    relatives: &[],
    children: &[],
    monthly_income: 0,
    employer: "",
    employed_since: "2012-09-01",
    diagnosis: "",
    protected: false,
    restricted: false,
    minor: false,
};

/// Everyone on file.
pub(in crate::demo) const PERSONS: &[Person] = &[
    Person {
        pinfl: AZIZA,
        name: "Aziza Karimova",
        born: "1985-07-15",
        passport: "AD4471203",
        street: "Amir Temur 14",
        phone: "+998901234534",
        marital_status: "married",
        relatives: &[(BOTIR, "spouse")],
        children: &[KAMOLA],
        monthly_income: 7_341_907,
        employer: "Chorsu Tekstil",
        employed_since: "2009-02-01",
        diagnosis: "sarcoidosis-D86-aziza",
        ..PLAIN
    },
    Person {
        pinfl: BOTIR,
        name: "Botir Karimov",
        born: "1982-09-02",
        passport: "AD5518346",
        street: "Amir Temur 14",
        phone: "+998907654388",
        marital_status: "married",
        relatives: &[(AZIZA, "spouse")],
        children: &[KAMOLA],
        monthly_income: 9_062_418,
        employer: "Toshkent Metro",
        diagnosis: "asthma-J45-botir",
        ..PLAIN
    },
    Person {
        pinfl: KAMOLA,
        name: "Kamola Karimova",
        born: "2015-03-11",
        passport: "FA0093317",
        street: "Amir Temur 14",
        phone: "+998907654389",
        relatives: &[(AZIZA, "mother"), (BOTIR, "father")],
        monthly_income: 1_003_551,
        employer: "none",
        diagnosis: "allergy-T78-kamola",
        minor: true,
        ..PLAIN
    },
    Person {
        pinfl: FARRUKH,
        name: "Farrukh Nazarov",
        born: "1990-11-28",
        passport: "AE2260915",
        street: "Navoiy 3",
        phone: "+998933317702",
        monthly_income: 5_870_236,
        employer: "Navoiy Kon",
        diagnosis: "migraine-G43-farrukh",
        ..PLAIN
    },
    Person {
        pinfl: NODIRA,
        name: "Nodira Saidova",
        born: "1979-07-07",
        passport: "AC7739104",
        street: "Bobur 8",
        phone: "+998946601125",
        monthly_income: 6_418_073,
        employer: "Bobur Hamkor",
        diagnosis: "diabetes-E11-nodira",
        protected: true,
        ..PLAIN
    },
    Person {
        pinfl: DILSHOD,
        name: "Dilshod Ergashev",
        born: "1967-01-14",
        passport: "AB3305582",
        street: "Registon 21",
        phone: "+998915548903",
        monthly_income: 4_295_618,
        employer: "Registon Qurilish",
        diagnosis: "arthritis-M13-dilshod",
        restricted: true,
        ..PLAIN
    },
    Person {
        pinfl: ZUHRA,
        name: "Zuhra Olimova",
        born: "1959-12-02",
        passport: "AA8816640",
        street: "Beruniy 40",
        phone: "+998977720461",
        monthly_income: 3_127_845,
        employer: "Beruniy Nashr",
        diagnosis: "cataract-H25-zuhra",
        ..PLAIN
    },
    Person {
        pinfl: GULNORA,
        name: "Gulnora Yusupova",
        born: "1976-06-12",
        passport: "AB6140027",
        street: "Mustaqillik 5",
        phone: "+998902208817",
        monthly_income: 8_514_092,
        employer: "Pension Fund",
        diagnosis: "hypertension-I10-gulnora",
        ..PLAIN
    },
    Person {
        pinfl: SHERZOD,
        name: "Sherzod Aliyev",
        born: "1988-02-19",
        passport: "AD9021774",
        street: "Mustaqillik 9",
        phone: "+998935516640",
        monthly_income: 8_267_301,
        employer: "Pension Fund",
        diagnosis: "gastritis-K29-sherzod",
        ..PLAIN
    },
    Person {
        pinfl: JASUR,
        name: "Jasur Toshev",
        born: "1991-05-05",
        passport: "AE1147720",
        street: "Mustaqillik 30",
        phone: "+998909916352",
        monthly_income: 7_980_164,
        employer: "Pension Fund",
        diagnosis: "eczema-L30-jasur",
        ..PLAIN
    },
    Person {
        pinfl: MALIKA,
        name: "Malika Rahimova",
        born: "1984-08-23",
        passport: "AD3388215",
        street: "Oybek 2",
        phone: "+998917743098",
        monthly_income: 9_735_520,
        employer: "Digital Agency",
        diagnosis: "insomnia-G47-malika",
        ..PLAIN
    },
];
