//! An object inside of a review.

use super::decode::{Decode, Raw};
use super::json::{Error, Reader};
use super::pod::Pod;

/// How the API server begins a pod.
const POD: &str = r#"{"kind":"Pod","apiVersion":"v1","#;

/// An object's text. Of a pod that begins as the API server begins one, and can be read, also the pod:
/// it is read where others are passed over, so that its bytes are gone through once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carried<'de> {
    text: Raw<'de>,
    pod: Option<Box<Pod<'de>>>,
}

impl<'de> Carried<'de> {
    /// Of a text that is one value of JSON, with nothing around it.
    #[must_use]
    pub fn new(text: &'de str) -> Self {
        Self { text: Raw::new(text), pod: None }
    }

    /// The JSON text; `null` and absent are `None`.
    #[must_use]
    pub fn text(&self) -> Option<&'de str> {
        self.text.text()
    }

    /// The pod that the text says, if it has been read already.
    #[must_use]
    pub fn pod(&self) -> Option<&Pod<'de>> {
        self.pod.as_deref()
    }
}

impl<'de> Decode<'de> for Carried<'de> {
    fn decode_into(&mut self, source: &mut Reader<'de>) -> Result<(), Error> {
        if source.null()? {
            return Ok(());
        }
        let read = |source: &mut Reader<'de>| {
            let mut pod = Box::<Pod<'de>>::default();
            pod.decode_into(source).map(|()| pod)
        };
        *self = match source.tried(POD, read) {
            Some((pod, text)) => Self { text: Raw::new(text), pod: Some(pod) },
            None => Self::new(source.raw()?),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::from_json;

    fn pod(rest: &str) -> String {
        format!("{POD}{rest}}}")
    }

    #[test]
    fn a_pod_is_read_on_the_way_and_is_what_its_text_says() {
        let text = pod(r#""metadata":{"name":"web"},"spec":{"hostPID":true,"other":[{}]}"#);
        let around = format!(" {text} ");
        let carried: Carried<'_> = from_json(&around).unwrap();
        assert_eq!(carried.text(), Some(text.as_str()));
        assert_eq!(carried.pod(), Some(&from_json(&text).unwrap()));
    }

    #[test]
    fn what_begins_or_goes_on_otherwise_is_its_text_alone() {
        for text in [
            r#"{"apiVersion":"v1","kind":"Pod"}"#,
            r#"{"kind": "Pod","apiVersion":"v1","spec":{}}"#,
            &pod(r#""spec":{"hostPID":1}"#),
            &pod(r#""spec":{"other":{,}}"#),
            r#"["Pod"]"#,
        ] {
            let mut carried = Carried::default();
            let mut source = Reader::new(text);
            carried.decode_into(&mut source).unwrap();
            assert_eq!((carried.text(), carried.pod()), (Some(text), None));
            assert!(source.end().is_ok(), "{text}");
        }
        for text in [pod(""), pod(r#""spec":{}"#)] {
            let short = text.strip_suffix('}').unwrap();
            assert!(from_json::<Carried<'_>>(short).is_err(), "{short}");
        }
    }

    #[test]
    fn nothing_of_a_pod_stays_behind_another_object() {
        let mut carried = Carried::default();
        let mut read = |text: &'static str| {
            carried.decode_into(&mut Reader::new(text)).unwrap();
            (carried.text(), carried.pod().is_some())
        };
        let whole = r#"{"kind":"Pod","apiVersion":"v1","spec":{}}"#;
        assert_eq!(read("null"), (None, false));
        assert_eq!(read(whole), (Some(whole), true));
        // As `runtime.RawExtension`.
        assert_eq!(read("null"), (Some(whole), true));
        assert_eq!(read("{}"), (Some("{}"), false));
    }
}
