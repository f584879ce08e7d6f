use super::*;
use crate::policy::arguments::Test;
use crate::policy::arguments::tests::judge;

fn test(schemes: &[&str], hosts: &[&str], ports: &[u16], private: Private) -> Test {
    let hosts = hosts.iter().map(|host| HostPattern::read(host).expect("a host"));
    let schemes = schemes.iter().map(|&scheme| scheme.into()).collect();
    Test::Url(Box::new(UrlTest { schemes, hosts: hosts.collect(), ports: ports.into(), private }))
}

fn check(test: &Test, value: &str, wanted: Standing) {
    fuzz_url(value);
    assert_eq!(judge(test, &crate::json::quote(value)), wanted, "{test} on {value:?}");
}

#[test]
fn knows_scheme_host_and_port() {
    let acme = test(&["https"], &["acme.example", "*.acme.example"], &[443, 8443], Private::Deny);
    for value in [
        "https://acme.example",
        "HTTPS://Acme.Example/",
        "https://api.acme.example:8443/v1?q=%2e%2e#x",
        "https://a.b.acme.example:443",
        "https://acme.example?x@y",
        "https://acme.example#@evil.example",
    ] {
        check(&acme, value, Standing::Meets);
    }
    for value in [
        "http://acme.example",
        "https://evil.example",
        "https://acme.example.evil.example",
        "ftp://acme.example/",
        "https://xacme.example/",
        "https://acme.example:444/",
        "https://1.1.1.1/",
        "https://localhost/",
        "file://acme.example/etc/passwd",
        "https://api.acme.example.evil.example/acme.example",
    ] {
        check(&acme, value, Standing::Fails);
    }
    let any = test(&[], &[], &[80], Private::Allow);
    check(&any, "http://localhost/", Standing::Meets);
    check(&any, "gopher://acme.example/", Standing::Unknown);
    check(&any, "gopher://acme.example:80/", Standing::Meets);
    check(
        &test(&[], &["größe.example"], &[], Private::Deny),
        "http://xn--gre-6ka8i.example",
        Standing::Meets,
    );
    check(
        &test(&[], &["1.1.1.1", "[2a00::1]"], &[], Private::Deny),
        "http://[2A00:0::1]:8/",
        Standing::Meets,
    );
}

#[test]
fn does_not_read_what_readers_read_differently() {
    let open = test(&[], &[], &[], Private::Allow);
    for value in [
        "",
        "acme.example",
        "//acme.example",
        "http:acme.example",
        "http:/acme.example",
        "http:///acme.example",
        "http:\\\\acme.example",
        "http://acme.example\\@evil.example",
        "http://user@acme.example",
        "http://user:secret-1@acme.example",
        "http://@acme.example",
        "http://acme.example@evil.example",
        "http://acme.example:80@evil.example",
        " http://acme.example",
        "http://acme.example ",
        "http://ac me/",
        "http://acme.example\n",
        "ht\ntp://acme.example",
        "http://acme.example\t/",
        "http://acme.example\0/",
        "http://acme%2eexample",
        "http://acme.example%00.evil.example",
        "http://größe.example",
        "http://acme\u{3002}example",
        "http://\u{2460}.example",
        "http://acme.example:",
        "http://acme.example:080",
        "http://acme.example:0",
        "http://acme.example:65536",
        "http://acme.example:+80",
        "http://acme.example.",
        "http://acme..example",
        "http://.acme.example",
        "http://2130706433",
        "http://0x7f000001",
        "http://0x7f.0.0.1",
        "http://0177.0.0.1",
        "http://127.1",
        "http://127.0.1",
        "http://1.1.1.1.",
        "http://1.1.1.01",
        "http://1.1.1.256",
        "http://1.1.1.1.1",
        "http://[::1",
        "http://::1",
        "http://[::1]x",
        "http://[fe80::1%25eth0]",
        "http://[fe80::1%eth0]",
        "http://[1.1.1.1]",
        "http://[v1.x]",
        "1http://a.example",
        "http://",
        "javascript:alert(1)",
        "data:text/plain,x",
        "http://a.example:80:80/",
        "http://a,b.example/",
    ] {
        check(&open, value, Standing::Unknown);
    }
    assert_eq!(judge(&open, "7"), Standing::Unknown);
}

#[test]
fn tells_private_hosts_from_public_ones() {
    let (public, only) = (test(&[], &[], &[], Private::Deny), test(&[], &[], &[], Private::Only));
    for host in [
        "localhost",
        "LOCALHOST",
        "db",
        "metadata.google.internal",
        "printer.local",
        "a.b.svc",
        "nas.home.arpa",
        "kubernetes.default.svc.cluster.local",
        "x.localhost",
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.100.100.200",
        "[::1]",
        "[::]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
    ] {
        check(&public, &format!("http://{host}/latest/meta-data"), Standing::Fails);
        check(&only, &format!("http://{host}:80/"), Standing::Meets);
    }
    for host in ["acme.example", "local.example", "internal.acme.example", "8.8.8.8", "[2606:4700::1111]"] {
        check(&public, &format!("http://{host}/"), Standing::Meets);
        check(&only, &format!("http://{host}/"), Standing::Fails);
    }
}

#[test]
fn reads_at_most_so_many_bytes() {
    let open = test(&[], &[], &[], Private::Allow);
    let long = |bytes: usize| format!("http://a.example/{}", "x".repeat(bytes - 17));
    check(&open, &long(URL_BYTES_MAX - 1), Standing::Meets);
    check(&open, &long(URL_BYTES_MAX), Standing::Meets);
    check(&open, &long(URL_BYTES_MAX + 1), Standing::Unknown);
}

#[test]
fn reads_hosts_of_policies() {
    for (text, is_private) in [
        ("acme.example", false),
        ("*.acme.example", false),
        ("*.example", false),
        ("1.1.1.1", false),
        ("[2a00::1]", false),
        ("localhost", true),
        ("db", true),
        ("*.internal", true),
        ("*.cluster.local", true),
        ("10.0.0.1", true),
        ("::1", true),
    ] {
        let host = HostPattern::read(text).expect("a host");
        assert_eq!(host.is_private(), is_private, "{text}");
    }
    for text in [
        "",
        "*",
        "*.",
        "*.1.1.1.1",
        "a.*.example",
        "http://a.example",
        "a.example:80",
        "a b",
        "127.1",
        "1.1.1",
    ] {
        assert_eq!(HostPattern::read(text), None, "{text}");
    }
}
