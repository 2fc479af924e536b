"""The stand-in of dmwm/deployment, called by hand: what its three stages leave, and which calls it refuses.

The tables are those of the measured behaviour of the real one.
"""

from __future__ import annotations

import json

import pytest

from .conftest import SOFTWARE, Host

SERVICES = "admin/devtools frontend crabserver crabcache"
AUTHMAP = "/data/srv/state/frontend/etc/authmap.json"
JOB = r"crontab -l | grep mkauthmap | sed -E 's/^([^ ]+ +){5}//'"  # as cron runs it
CRON_1803 = """\
13 */3 * * * /data/srv/current/config/frontend/mkvomsmap --key /data/certs/hostkey.pem --cert /data/certs/hostcert.pem \
-c /data/srv/current/config/frontend/mkgridmap.conf -o /data/srv/state/frontend/etc/voms-gridmap.txt --vo cms
*/4 * * * * . /data/srv/current/apps/frontend/etc/profile.d/init.sh && PYTHONPATH=/data/srv/current/auth/frontend:$PYTHONPATH \
/data/srv/current/config/frontend/mkauthmap -q -c sitedbread.db -o /data/srv/state/frontend/etc/authmap.json
23 */6 * * * /data/srv/current/config/frontend/update-keys /data/srv/state/frontend
@reboot sudo -H -u _crabserver bashs -l -c '/data/srv/current/config/crabserver/manage sysboot'
0 9 1-31/4 * * sudo -H -u _crabserver bashs -l -c "/data/srv/current/config/crabserver/manage start 'I did read documentation'" &> /dev/null
@reboot sudo -H -u _crabcache bashs -l -c '/data/srv/current/config/crabcache/manage sysboot'
0 0 * * * sudo -H -u _crabcache bashs -l -c '/data/srv/current/config/crabcache/manage clean 3'
"""
CRON_2604 = """\
@reboot sudo bashs -l -c "/data/srv/current/config/frontend/manage restart 'I did read documentation'"
13 */3 * * * /data/srv/current/config/frontend/mkvomsmap  -c /data/srv/current/config/frontend/mkauth.conf -o /data/srv/state/frontend/etc/voms-gridmap.txt \
--cert /etc/robots/robotcert.pem --key /etc/robots/robotkey.pem --ca-cert /etc/ssl/certs/CERN-bundle.pem ; [ $? -ne 0 ] && /bin/bash /data/alerts.sh
*/4 * * * * /data/srv/current/config/frontend/mkauthmap  -c /data/srv/current/config/frontend/mkauth.conf -o /data/srv/state/frontend/etc/authmap.json \
--cert /etc/robots/robotcert.pem --key /etc/robots/robotkey.pem --ca-cert /etc/ssl/certs/CERN-bundle.pem ; [ $? -ne 0 ] && /bin/bash /data/alerts.sh
23 */6 * * * /data/srv/current/config/frontend/update-keys /data/srv/state/frontend
@reboot sudo -H -u _crabserver bashs -l -c '/data/srv/current/config/crabserver/manage sysboot'
@reboot sudo -H -u _crabcache bashs -l -c '/data/srv/current/config/crabcache/manage sysboot'
0 0 * * * sudo -H -u _crabcache bashs -l -c '/data/srv/current/config/crabcache/manage clean 3'
"""


def stages(host: Host, tag: str) -> dict[str, str]:
    """The three stages one by one, as a person with sudo calls them."""
    options = f"-A slc7_amd64_gcc630 -R comp@{tag} -r comp=comp -t {tag} -w cmsrep.example.org -a"
    before = f"sudo rm -rf /data/cfg && git clone -q http://cmsrep.example.org/git/deployment.git /data/cfg && git -C /data/cfg checkout -q {tag}"
    lines = {
        "clone": before,
        "prep": f"export USER=crabdev; cd /data; cfg/Deploy {options} -s prep /data/srv {SERVICES}",
        "sw": f"sudo -H -u _sw bashs -lc 'cd /data; cfg/Deploy {options} -s sw /data/srv {SERVICES}'",
        "post": f"export USER=crabdev; cd /data; cfg/Deploy {options} -s post /data/srv {SERVICES}",
    }
    said = {}
    for stage, line in lines.items():
        done = host.run(line)
        assert done.returncode == 0, f"{stage}: {done.stdout}"
        said[stage] = done.stdout
    return said


@pytest.fixture(scope="session")
def machine(bare: Host) -> Host:
    """system/devvm was here."""
    done = bare.run("mkdir scratch && cd scratch && USER=crabdev ~/cfg/Deploy -t dummy -s post $PWD system/devvm > devvm.out; echo $?")
    assert done.stdout == "0\n"
    bare.log_out()
    return bare


@pytest.fixture(scope="session")
def image(machine: Host) -> dict[str, str]:
    return stages(machine, "HG1803f")


def deploy(host: Host, words: str, root: str = "") -> tuple[int, str]:
    done = host.run(f"export USER=crabdev; {root}cd /tmp; ~/cfg/Deploy {words}")
    return done.returncode, done.stdout


# Calls that are refused before anything is done ---------------------------------------------------------


@pytest.mark.parametrize(
    "words, text",
    [
        ("", "Usage:"),
        ("-h", "Deploy [OPTIONS] ROOT [SERVICE...]"),
        ("-t HG1803f", "Usage:"),
        ("-q -t HG1803f /tmp/no frontend", "unrecognised option -q"),
        ("/tmp/no frontend", "missing software tag version (-t option)"),
        ("-t a/b /tmp/no frontend", "invalid configuration version name 'a/b'"),
        ("-t .. /tmp/no frontend", "invalid configuration version name '..'"),
        ("-t HG1803f -p /nosuch /tmp/no frontend", "/nosuch: not a directory"),
        ("-t HG1803f -s install /tmp/no frontend", "unknown stage install"),
    ],
)
def test_a_wrong_call_ends_with_1_and_makes_no_folder(bare: Host, words: str, text: str) -> None:
    code, said = deploy(bare, words)

    assert (code, text in said) == (1, True), said
    assert bare.run("ls -d /tmp/no").returncode != 0


def test_no_user_in_the_environment(bare: Host) -> None:
    done = bare.run("env -u USER ~/cfg/Deploy -t HG1803f -s prep /tmp/nouser frontend")

    assert done.returncode != 0
    assert "USER: must be set" in done.stdout


def test_a_shell_that_is_not_bash_leaves_a_folder_with_braces(bare: Host) -> None:
    done = bare.run("mkdir dash; cd dash; USER=crabdev dash ~/cfg/Deploy -t dummy -s prep $PWD frontend; echo $?; ls -d dummy*")

    assert done.stdout.splitlines()[-2:] == ["127", "dummy{,"]


# One account alone ----------------------------------------------------------------------------------------


def test_without_a_everything_is_the_callers_on_ports_that_need_no_root(bare: Host) -> None:
    options = "-R comp@HG1803f -t HG1803f -w cmsrep.example.org"
    stages = f"for stage in prep sw post; do ~/cfg/Deploy {options} -s $stage ~/alone {SERVICES} > /dev/null || exit; done"
    done = bare.run(f"mkdir -p ~/alone/certs; touch ~/alone/certs/hostkey.pem; sudo() {{ \"$@\"; }}; export -f sudo; export USER=crabdev; {stages}; crontab -l")
    listens = bare.run("grep ^Listen ~/alone/state/frontend/server.conf; git -C ~/cfg show HG2604a:frontend/frontend.conf | grep ^Listen")
    wrong = bare.run("python3 - --single ~/alone HG1803f crabdev", (SOFTWARE / "check_layout").read_text())
    bare.run("crontab -r; rm -rf ~/alone")

    assert [line for line in done.stdout.splitlines() if "sudo" in line or "/home/crabdev/alone/" not in line] == []
    assert "@reboot /home/crabdev/alone/current/config/crabserver/manage sysboot" in done.stdout.splitlines()
    assert listens.stdout.split()[1::2] == ["8080", "8443", "80", "443", "8443"]
    assert wrong.stdout == ""


# The machine --------------------------------------------------------------------------------------------


def test_a_machine_without_certificate_gets_a_fake_one_and_is_told(machine: Host) -> None:
    said = machine.on("cat ~crabdev/scratch/devvm.out; for f in /data/certs /etc/grid-security; do openssl x509 -noout -text -in $f/hostcert.pem; done")

    assert "WARNING: creating fake host certificate, replace with real one!" in said
    assert "INFO: installation completed sucessfully" in said
    assert said.count("Public-Key: (1024 bit)") == 2


def test_a_good_certificate_is_kept(machine: Host) -> None:
    said = machine.run(
        "cd /data/certs; sudo openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=good -keyout hostkey.pem -out hostcert.pem 2>/dev/null;"
        "cd ~/scratch && USER=crabdev ~/cfg/Deploy -t dummy -s post $PWD system/devvm | grep -c fake;"
        "openssl x509 -noout -subject -in /etc/grid-security/hostcert.pem"
    )

    assert [line.replace(" ", "") for line in said.stdout.splitlines()] == ["0", "subject=CN=good"]


def test_accounts_and_groups_of_the_machine(machine: Host) -> None:
    count = "getent passwd | grep -c ':CMSWEB .*,,,:/data/empty:/sbin/nologin$'"
    accounts = machine.on(f"{count}; getent passwd _crabserver _reqmgr2ms; id -nG _crabserver; id -nG _empty")

    assert accounts.splitlines()[0] == "41"
    assert [line.split(":")[2:4] for line in accounts.splitlines()[1:3]] == [["100039", "100039"], ["1000058", "1000058"]]
    assert accounts.splitlines()[3:] == ["_crabserver _config", "_empty"]
    joined = machine.on("id -nG crabdev").split()
    assert len(joined) == 42 and "_config" in joined and "_empty" not in joined


def test_folders_outside_the_tree(machine: Host) -> None:
    said = machine.on("stat -c '%a %U:%G %n' /data /data/certs /data/certs/host*.pem /data/user /data/empty /data/empty/.profile /etc/grid-security/host*.pem")

    assert said.splitlines() == [
        "775 crabdev:_sw /data",
        "775 crabdev:_config /data/certs",
        "644 crabdev:_config /data/certs/hostcert.pem",
        "400 crabdev:_config /data/certs/hostkey.pem",
        "775 crabdev:crabdev /data/user",
        "555 _empty:_empty /data/empty",
        "444 _empty:_empty /data/empty/.profile",
        "644 root:root /etc/grid-security/hostcert.pem",
        "400 root:root /etc/grid-security/hostkey.pem",
    ]


def test_sudo_asks_neither_for_a_terminal_nor_for_a_password(machine: Host) -> None:
    said = machine.on("cat /etc/sudoers /etc/sudoers.d/cern-config-users; readlink /bin/bashs; ls /etc/sysconfig/iptables.vmoriginal")

    assert "#Defaults    requiretty" in said
    assert "crabdev ALL=(ALL) NOPASSWD: ALL" in said
    assert said.endswith("bash\n/etc/sysconfig/iptables.vmoriginal\n")


# The image ----------------------------------------------------------------------------------------------


def test_every_path_has_its_mode_and_owner(machine: Host, image: dict[str, str]) -> None:
    assert machine.layout("HG1803f") == ""


def test_cron_lines_of_2018(machine: Host, image: dict[str, str]) -> None:
    assert machine.run("crontab -l").stdout == CRON_1803


def test_the_order_of_the_services_and_the_warnings(image: dict[str, str]) -> None:
    order = [line.split()[2] for line in image["sw"].splitlines() if line.startswith("INFO: deploying")]

    assert order == ["backend", "admin", "wmcore-auth", "frontend", "crabserver", "crabcache"]
    assert "INFO: generating fake login with user crabdev password " in image["sw"]
    assert "WARNING: replace certificates in /data/srv/HG1803f/auth/crabserver with real ones" in image["sw"]
    assert all(image[stage].endswith("INFO: installation completed sucessfully\n") for stage in ("prep", "sw", "post"))


def test_a_log_for_each_stage_with_the_trace_and_the_password(machine: Host, image: dict[str, str]) -> None:
    password = image["sw"].split(" password ")[1].split()[0]

    names = machine.on("cd /data/srv/.deploy; ls; grep -c '^++* ' *-sw.log; grep -o 'password [^ ]* dn' *-sw.log | head -1").split("\n")

    assert [name.rsplit("-", 1)[1] for name in names[:3]] == ["prep.log", "sw.log", "post.log"]
    assert int(names[3]) > 50 and names[4] == f"password {password} dn"


def test_the_calls_of_the_package_manager(machine: Host, image: dict[str, str]) -> None:
    calls = machine.on("cat /data/srv/HG1803f/sw/cmspkg.calls").splitlines()

    assert calls[:5] == ["cmspkg depends cms+comp+HG1803f", "cmspkg update", "cmspkg search fake", "cmspkg install fakesystem", "cmspkg install cms+pystack+"]
    assert "cmspkg install cms+crabserver+3.3.1803.patch3" in calls


def test_dummy_accounts_are_placeholders(machine: Host, image: dict[str, str]) -> None:
    said = machine.on("cat /data/srv/current/auth/crabserver/CRABServerAuth.py; tail -n 1 /data/srv/current/config/crabserver/config.py")

    assert "'preprod'" in said and "'prod'" in said and "'dev'" not in said and "_FIXME" in said
    assert said.endswith('data.mode = "cmsweb-dev"\n')


def test_the_job_of_2018_leaves_the_installer_alone_in_the_map(machine: Host, image: dict[str, str]) -> None:
    machine.on(f"echo '[]' > {AUTHMAP}")

    said = machine.run(f"{JOB} | sh -e; stat -c '%a %U' {AUTHMAP}; cat {AUTHMAP}").stdout

    assert said.startswith("644 crabdev\n")
    assert [user["LOGIN"] for user in json.loads(said.split("\n", 1)[1])] == ["crabdev"]


def test_a_second_image_resets_config_and_keeps_secrets_and_maps(machine: Host, image: dict[str, str]) -> None:
    kept = "auth/crabserver/CRABServerAuth.py auth/crabserver/dmwm-service-key.pem auth/wmcore-auth/header-auth-key auth/frontend/users.db"
    edit = f"for f in config/crabserver/config.py {kept}; do echo '# mine' >> $f; done; truncate -s 20 auth/wmcore-auth/header-auth-key"
    machine.on("cd /data/srv/current && " + edit)
    sums = machine.on(f"cd /data/srv/current && sha256sum {kept}")
    machine.run("(crontab -l | sed '/mkauthmap/s/^/#/'; echo '#own') | crontab -")

    again = stages(machine, "HG1803f")

    assert machine.on(f"cd /data/srv/current && sha256sum {kept}") == sums
    assert "# mine" not in machine.on("cat /data/srv/current/config/crabserver/config.py")
    assert "generating fake login" not in again["sw"]
    assert sorted(machine.run("crontab -l").stdout.splitlines()) == sorted([*CRON_1803.splitlines(), "#own"])
    assert machine.layout("HG1803f", "--again") == ""


def test_services_and_variants_that_do_not_exist(machine: Host, image: dict[str, str]) -> None:
    common = "-a -t HG1803f -s prep /data/srv"

    unknown, variant = deploy(machine, f"{common} nosuch"), deploy(machine, f"{common} frontend/nosuch")

    assert unknown[0] == 4 and "ERROR: cannot deploy nosuch, no " in unknown[1]
    assert variant[0] == 5 and "ERROR: frontend does not have variant 'nosuch'" in variant[1]
    assert "ERROR: installation failed with exit code 5." in variant[1]


@pytest.mark.parametrize(
    "words, expected, shells, text",
    [
        ("", 4, 1, "ERROR: deploying 'cms+frontend' version 'auto' requires -R META-RELEASE"),
        ("-R comp@HG2604a -w nosuch.example.org", 6, 4, "ERROR: installation failed with exit code 6."),
        ("-R comp@HG2604a -w cmsrep.example.org:81", 7, 4, "ERROR: installation failed with exit code 7."),
        ("-R comp@HG9999z -w cmsrep.example.org", 1, 3, "ERROR: installation failed with exit code 1."),
        ("-R comp@HG2604a -A slc6_amd64_gcc493 -w cmsrep.example.org", 1, 4, "ERROR: installation failed with exit code 1."),
        ("-R comp@HG2604a -r comp=nosuch -w cmsrep.example.org", 1, 4, "ERROR: installation failed with exit code 1."),
    ],
    ids="no-release no-host no-server no-such-release architecture repository".split(),
)
def test_an_installation_that_fails_says_so_in_every_shell(machine: Host, words: str, expected: int, shells: int, text: str) -> None:
    code, said = deploy(machine, f"-a -t T {words} -s 'prep sw' $r frontend", "r=$(mktemp -d); ")

    assert code == expected, said
    assert text in said
    assert said.count("ERROR: installation failed") == shells


def test_a_signal_ends_it_with_77(machine: Host, image: dict[str, str]) -> None:
    said = machine.run(
        "export USER=crabdev; d=$(mktemp -d); cp -r cfg $d/cfg; sed -i 's/^prep_frontend.*/&\\n  kill -TERM $$/' $d/cfg/frontend/deploy; "
        "$d/cfg/Deploy -a -t T -s prep $d/srv frontend; echo rc $?"
    ).stdout

    assert said.endswith("ERROR: installation failed with exit code 77.\nrc 77\n")


def test_a_folder_of_secrets(machine: Host) -> None:
    said = machine.run(
        "export USER=crabdev; d=$(mktemp -d); mkdir -p $d/a/crabserver; echo mine > $d/a/crabserver/CRABServerAuth-dev.py;"
        "~/cfg/Deploy -a -t T -R comp@HG1803f -w cmsrep.example.org -p $d/a -s 'prep sw' $d/srv crabserver > /dev/null;"
        "cd $d; cat srv/T/auth/crabserver/CRABServerAuth.py; cmp a/wmcore/header-auth-key srv/T/auth/wmcore-auth/header-auth-key && echo same"
    )

    assert said.stdout == "mine\nsame\n"


def test_one_account_alone_has_other_ports(machine: Host) -> None:
    said = machine.run(
        "export USER=crabdev; r=$(mktemp -d); crontab -l > $r/kept; for stage in prep sw post; do "
        "~/cfg/Deploy -A slc7_amd64_gcc630 -R comp@HG1803f -t HG1803f -w cmsrep.example.org -s $stage $r/srv frontend crabserver > $r/out || cat $r/out; done;"
        "crontab $r/kept; cd $r/srv; stat -c '%a %U:%G' HG1803f/auth/crabserver/CRABServerAuth.py; grep -E '^(Listen|User)|hostcert' state/frontend/server.conf"
    ).stdout

    assert said.splitlines() == ["440 crabdev:crabdev", "User crabdev", "Listen 8080", "Listen 8443", "  SSLCertificateFile /data/certs/hostcert.pem"]


def test_a_later_version_beside_it(machine: Host, image: dict[str, str]) -> None:
    stages(machine, "HG2604a")

    assert machine.layout("HG2604a") == ""
    assert machine.run("crontab -l | grep -v '^#own'").stdout == CRON_2604
    assert machine.on("ls /data/srv/current/config/frontend/backends-dev.txt 2>/dev/null; readlink /data/srv/current") == "HG2604a\n"


def test_the_job_of_later_versions_fails_and_leaves_the_map(machine: Host, image: dict[str, str]) -> None:
    stages(machine, "HG2604a")
    machine.on(f"echo '[]' > {AUTHMAP}")

    said = machine.run(f"{JOB} | cut -d';' -f1 | sh -e; echo $?; cat {AUTHMAP}; /data/srv/current/config/frontend/mkauthmap -q; echo $?").stdout

    assert said.splitlines() == ["Traceback: cannot connect to CRIC", "1", "[]", "mkauthmap: unknown option -q", "2"]


def test_manage_without_the_phrase_and_of_a_service_that_is_down(machine: Host, image: dict[str, str]) -> None:
    manage = "/data/srv/current/config/crabserver/manage"

    start = machine.run(f"sudo -H -u _crabserver bashs -lc '{manage} start'")
    status = machine.run(f"sudo -H -u _crabserver bashs -lc '{manage} status'")

    assert (start.returncode, start.stdout) == (2, f"{manage}: cannot complete operation, please check documentation.\n")
    assert status.returncode == 1 and "NOT RUNNING" in status.stdout and "\x1b[" in status.stdout


def test_installdev_refuses_where_the_real_one_would_ask(machine: Host) -> None:
    done = machine.run(
        "export USER=crabdev; d=$(mktemp -d); cd $d; cp -r ~/cfg .;"
        "cfg/admin/InstallDev -R comp@HG1803f -A slc7_amd64_gcc630 -s image -v HG1803f -r comp=comp -w cmsrep.example.org -p 'frontend crabserver'"
    )

    assert done.returncode == 1 and "ask twice for a pass phrase" in done.stdout


def test_installdev_ends_with_0_whatever_the_services_do(machine: Host, image: dict[str, str]) -> None:
    done = machine.run("cd /data; USER=crabdev cfg/admin/InstallDev -s status:crabserver -d /data/srv; echo $?")

    assert "NOT RUNNING" in done.stdout and done.stdout.endswith("\n0\n")
