//! Groups of the machine that runs the tests; only root, or who was given a group, can make any.

use std::process::{Child, Command};

use super::*;

/// Our hierarchies, if we are root; else says so in one line.
fn ours() -> Option<Vec<Hierarchy>> {
    if !getuid().is_root() {
        eprintln!("skipped: only root can make groups where it was given none");
        return None;
    }
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    Some(hierarchies(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo")))
}

fn sleeper() -> Child {
    Command::new("sleep").arg("600").spawn().unwrap()
}

/// A folder of ours in `parent`, in which `sleep` runs.
fn occupied(group: &mut Group, version: Version, parent: &Path) -> (PathBuf, Child) {
    let folder = group.part(version, parent.to_owned()).unwrap().folder.clone();
    let inmate = sleeper();
    put(&folder.join("cgroup.procs"), &inmate.id().to_string()).unwrap();
    (folder, inmate)
}

#[test]
fn a_group_of_either_version_ends_with_all_in_it() {
    use std::os::unix::process::ExitStatusExt;
    for hierarchy in ours().into_iter().flatten() {
        if !hierarchy.controllers.is_empty() && !hierarchy.controllers.contains(&"pids".into()) {
            continue;
        }
        let mut group = Group::default();
        let (folder, mut inmate) = occupied(&mut group, hierarchy.version, &hierarchy.own);
        assert!(folder.is_dir() && inmate.try_wait().unwrap().is_none());
        drop(group);
        assert!(!folder.exists(), "{hierarchy:?}");
        assert_eq!(inmate.wait().unwrap().signal(), Some(9));
    }
}

#[test]
fn what_a_killed_launcher_left_is_removed_and_nothing_else() {
    for hierarchy in ours().into_iter().flatten().filter(|one| one.version == Version::Two) {
        let (mut dead, mut kept) = (sleeper(), Group::default());
        let (occupied, _inmate) = occupied(&mut kept, Version::Two, &hierarchy.own);
        let _ = dead.kill();
        dead.wait().unwrap();
        let folder = |owner: u32| hierarchy.own.join(format!("{PREFIX}{owner}-00"));
        let (left, own, other) = (
            folder(dead.id()),
            folder(std::process::id()),
            hierarchy.own.join(format!("acme-{}", dead.id())),
        );
        for folder in [&left, &own, &other] {
            std::fs::create_dir(folder).unwrap();
        }
        sweep(&hierarchy.own);
        let is_left = [&left, &own, &other, &occupied].map(|folder| folder.exists());
        for folder in [&own, &other] {
            std::fs::remove_dir(folder).unwrap();
        }
        assert_eq!(is_left, [false, true, true, true]);
    }
}

/// A folder that looks like a group of version 2.
fn made_up(controllers: &str, given: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cgroup.controllers"), controllers).unwrap();
    std::fs::write(folder.path().join("cgroup.subtree_control"), given).unwrap();
    folder
}

#[test]
fn a_controller_is_passed_on_where_it_is_not_yet() {
    let folder = made_up("cpu memory pids\n", "pids\n");
    let passed = || std::fs::read_to_string(folder.path().join("cgroup.subtree_control")).unwrap();
    give(folder.path(), Controller::Pids).unwrap();
    assert_eq!(passed(), "pids\n", "nothing is to be done");
    give(folder.path(), Controller::Memory).unwrap();
    assert!(passed().starts_with("+memory"));
    let without = made_up("cpuset\n", "");
    assert!(give(without.path(), Controller::Cpu).unwrap_err().ends_with("is not given the controller"));
    assert!(given(folder.path(), Controller::Cpu).unwrap_err().ends_with("of version 2"), "it is made up");
}

#[test]
fn a_group_that_was_given_holds_limits_in_its_files() {
    // As `hold` does it, in files that stand where the kernel would put them.
    let parent = made_up("cpu memory pids", "cpu memory pids");
    let mut group = Group::default();
    let folder = group.part(Version::Two, parent.path().to_owned()).unwrap().folder.clone();
    let found = [Hierarchy {
        version: Version::Two,
        controllers: Vec::new(),
        top: parent.path().to_owned(),
        own: parent.path().to_owned(),
    }];
    let fault = group.hold(Controller::Memory, 64, &found, None).unwrap_err();
    assert!(fault.contains("memory.max") && fault.contains("No such file"), "{fault}");
    for file in ["memory.max", "memory.oom.group", "cpu.max", "memory.events"] {
        std::fs::write(folder.join(file), "").unwrap();
    }
    // That there is no memory.swap.max is no fault: such a kernel does not count it.
    group.hold(Controller::Memory, 64, &found, None).unwrap();
    group.hold(Controller::Cpu, 50, &found, None).unwrap();
    let said = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    assert_eq!(
        [said("memory.max"), said("memory.oom.group"), said("cpu.max")],
        ["67108864", "1", "50000 100000"]
    );
    assert_eq!(group.folders().count(), 1, "one folder for all");
    assert_eq!(group.met(), []);
    std::fs::write(folder.join("memory.events"), "low 0\noom 2\noom_kill 1\n").unwrap();
    assert_eq!(group.met(), [Controller::Memory]);
    drop(group);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_kernel_passes_a_controller_on_and_not_from_a_group_with_processes() {
    for hierarchy in ours().into_iter().flatten().filter(|one| one.version == Version::Two) {
        let controllers = std::fs::read_to_string(hierarchy.own.join("cgroup.controllers")).unwrap();
        let has = |file: &Path| std::fs::read_to_string(file).unwrap().contains("memory");
        let mut group = Group::default();
        let (folder, _inmate) = occupied(&mut group, Version::Two, &hierarchy.own);
        let said = give(&folder, Controller::Memory);
        let expected = if has(&folder.join("cgroup.controllers")) {
            "so that no limited group can be below it"
        } else {
            eprintln!("of the controllers there is {}", controllers.trim());
            "is not given the controller"
        };
        assert!(said.unwrap_err().ends_with(expected));
    }
}
