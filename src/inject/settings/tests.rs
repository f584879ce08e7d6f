//! What a settings file may say, and how it is told what it may not.

use super::*;

#[test]
fn needs_an_image_and_nothing_else() {
    let settings = Settings::parse("version: 1\nimage: acme/sluicegate:1\n", "injector.yaml").expect("whole");
    assert_eq!(&*settings.image("any"), "acme/sluicegate:1");
    let faults = Settings::parse("version: 1\n", "injector.yaml").expect_err("no image");
    assert!(faults.to_string().contains("needs the key `image`"), "{faults}");
}
