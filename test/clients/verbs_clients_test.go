//go:build clients

package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// eth0 is an interface with a name on the host's side.
const eth0 = "<interface type='bridge'><source bridge='br0'/><mac address='52:54:00:00:00:01'/><target dev='web0'/></interface>"

// virshVerbs are sessions with virsh. Each has a golden of its name.
var virshVerbs = []struct {
	name  string
	lines []string          // of shell, after virsh -c lxc:///system
	vary  map[string]string // what differs from run to run, and what stands for it
}{
	{name: "define", lines: []string{
		"define web.xml", "define --validate web.xml", "define --file nosuch.xml", "list --all", "list --inactive --name", "list --all --uuid", "list --all --title",
		"list --all --managed-save", "list --all --transient", "list --all --autostart", "list --id", "dominfo web", "domstate web", "domstate --reason web", "domid web", "domname " + webID,
		"domuuid web", "dumpxml web", "dumpxml --security-info web", "domstate nosuch", "domstate 4711", "domstate 00000000-0000-0000-0000-000000000001",
		"autostart web", "dominfo web", "autostart --disable web", "desc web", "desc web --config A web server", "desc web", "desc --title web --config The web", "desc --title web", "list --all --title",
		"metadata web --uri http://example.com/x --key x --set '<owner>me</owner>' --config", "metadata web --uri http://example.com/x", "metadata web --uri http://example.com/x --remove --config", "metadata web --uri http://example.com/x",
		"setmem web 32MiB --config", "setmaxmem web 128MiB --config", "dominfo web", "memtune web", "memtune web --hard-limit 65536 --config", "memtune web",
		"blkiotune web", "schedinfo web", "schedinfo web --set cpu_shares=512 --config", "schedinfo web", "schedinfo web --set nosuch=1 --config",
		"numatune web", "numatune web --nodeset 0 --mode restrictive --config", "numatune web", "numatune web --mode preferred --config", "numatune web --nodeset nosuch --config",
		"vcpucount web", "setvcpus web 2 --config", "setvcpus web 3 --maximum --config", "vcpucount web", "setvcpus web 2", "emulatorpin web 0 --config", "dumpxml web | grep -e vcpu -e nodeset", "domiftune web web0 --inbound 1000,2000,64 --outbound 500 --config", "domiftune web web0 --config", "domiflist web", "domblklist web", "domif-getlink web web0", "domifstat web web0", "domblkstat web", "domstats web",
		"domrename web other", "domrename other other", "list --all", "domrename other web", "domrename web a/b", "shutdown web", "destroy web", "reboot web", "suspend web", "resume web", "console web", "send-process-signal web 1 15",
		"lxc-enter-namespace web -- /bin/true", "managedsave-remove web", "domjobinfo web", "reset web",
		"edit web", "undefine web", "undefine web",
	}},
	{name: "running", lines: []string{
		"define web.xml", "start web", "ID", "start web", "list", "list --all --name", "list --persistent --uuid", "list --state-paused", "dominfo web", "domstate --reason web", "domid web",
		"dumpxml web", "domiflist web", "domifaddr web", "domif-getlink web web0", "domif-setlink web web0 down", "domif-getlink web web0", "domiftune web web0", "domiftune web web0 --inbound 1000,2000,64", "domiftune web web0", "domiftune web web0 --inbound 0", "domiftune web web0 --outbound 500 --live", "dumpxml web | grep -A3 '<bandwidth>'", "domiftune web web0 --outbound 0",
		"domiftune web nosuch", "domiftune web web0 --inbound 10,5", "domiftune web web0 --inbound 10,20,30,5", "numatune web", "setvcpus web 2", "setvcpus web 2 --live", "domrename web other",
		"domjobinfo web", "domjobinfo web --rawstats", "domjobinfo web --completed", "domblklist web",
		"suspend web", "domstate --reason web", "list", "resume web", "domstate --reason web", "domjobabort web", "vcpucount web", "send-process-signal web 1 cont",
		"desc web --live Changed", "desc web", "attach-interface web bridge br0 --mac 52:54:00:00:00:02 --target web1 --live", "domiflist web", "detach-interface web bridge --mac 52:54:00:00:00:02 --live", "domiflist web",
		"attach-interface web bridge br0 --mac 52:54:00:00:00:02 --target web1 --live", "detach-device-alias web net1 --live", "domiflist web", "detach-device-alias web net1", "-r reset web", "-r domiftune web web0 --inbound 1", "-r domrename web other",
		"attach-device web tun.xml --live", "detach-device web tun.xml --live", "detach-device web tun.xml --live", "update-device web web0.xml --live", "detach-device-alias web nosuch",
		"attach-disk web /srv/disk.img vdb --live", "detach-disk web vdb --live",
		"undefine web", "list --transient", "dominfo web", "undefine web", "autostart web", "shutdown web --mode signal", "UNTIL GONE", "list --all",
		"create web.xml", "create web.xml", "reset web", "domstate --reason web", "reboot web --mode signal", "destroy web", "define web.xml", "start web --autodestroy", "list --all", "start web --console", "destroy web",
	}, vary: map[string]string{`(Used memory: +)[0-9]+ KiB`: "${1}N KiB"}},
	{name: "figures", lines: []string{
		"create web.xml", "ID", "cpu-stats web --total", "cpu-stats web", "dommemstat web", "domifstat web web0", "domblkstat web", "domblkstat web sda", "domifstat web nosuch", "domstats web", "domstats --state --cpu-total --balloon web",
		"domstats --list-active --state --enforce", "domstats --perf --enforce web", "schedinfo web", "memtune web", "blkiotune web", "destroy web",
	}, vary: map[string]string{
		`[0-9]+\.[0-9]{9} seconds`: "N seconds", `((?:cpu|vcpu\.0|vcpu)\.(?:time|user|system)|balloon\.(?:rss|current)|net\.0\.[rt]x\.(?:bytes|pkts))=[0-9]+`: "$1=N",
		`(rss|actual) [0-9]+`: "$1 N", `(web0 [rt]x_(?:bytes|packets|drop)) [0-9]+`: "$1 N", `block\.count=[0-9]+`: "block.count=N",
		// A host without these controllers does not tell them.
		`\n +(?:block\.[0-9]+\.|balloon\.(?:swap_in|usable|unused|available|disk_caches|m.*_fault)).*`: "", `\n(?:swap_in|usable|unused|available|disk_caches|m.*_fault|last_update) [0-9]+`: "",
	}},
	{name: "inside", lines: []string{
		"define web.xml", "domhostname web", "domtime web", "guestinfo web", "domfsinfo web", "domifaddr web --source agent", "vcpuinfo web", "vcpucount web", "vcpupin web", "emulatorpin web",
		"set-lifecycle-action web poweroff restart", "set-lifecycle-action web crash preserve --live", "dumpxml web | grep on_", "start web",
		"domhostname web", "domhostname web --source agent", "domhostname web --source lease", "domtime web", "domtime web --pretty", "domtime web --now", "guestinfo web", "guestinfo web --hostname --timezone", "guestinfo web --user",
		"domfsinfo web | awk '$1 == \"/\" { print $1, $4 }'", "domifaddr web --source agent", "domifaddr web --source agent --full", "vcpuinfo web", "vcpuinfo web --pretty", "vcpucount web", "vcpupin web", "emulatorpin web",
		"vcpupin web 0 0", "emulatorpin web 0 --config", "domcontrol web", "domlaunchsecinfo web", "-r domhostname web", "-r domtime web", "-r guestinfo web", "-r domifaddr web --source agent", "-r domfsinfo web",
		"set-lifecycle-action web poweroff destroy --live --config", "set-lifecycle-action web reboot preserve", "set-lifecycle-action web reboot nosuch", "-r set-lifecycle-action web reboot destroy", "dumpxml web | grep on_", "dumpxml --inactive web | grep on_",
		"destroy web", "undefine web",
	}, vary: map[string]string{
		`Time: .*`: "Time: T", `(os\.(?:kernel-release|kernel-version|machine|pretty-name|version|version-id|name|id) *: ).*`: "${1}N", `(CPU time: +)[0-9.]+s`: "${1}Ns", `(CPU Affinity: +)[y-]+`: "${1}N", `0-?[0-9]* \(out of [0-9]+\)`: "N",
		`(?m)^(fs\.[0-9]+\.|fs\.count).*\n`: "", `(?m)^( +[0*]:? +)0[-0-9,]*$`: "${1}N",
	}},
	{name: "others", lines: []string{
		"iface-begin", "iface-bridge eth0 br1", "iface-commit", "iface-define net.xml", "iface-destroy eth0", "iface-dumpxml eth0", "iface-edit eth0", "iface-mac eth0", "iface-name 52:54:00:00:00:01", "iface-rollback", "iface-start eth0", "iface-unbridge br1", "iface-undefine eth0",
		"nwfilter-define net.xml", "nwfilter-dumpxml x", "nwfilter-edit x", "nwfilter-undefine x", "nwfilter-binding-create net.xml", "nwfilter-binding-delete x", "nwfilter-binding-dumpxml x", "nwfilter-binding-list",
		"nodedev-create net.xml", "nodedev-destroy x", "nodedev-detach x", "nodedev-dumpxml x", "nodedev-reattach x", "nodedev-reset x", "nodedev-event --event lifecycle --timeout 1", "nodedev-define net.xml", "nodedev-undefine x", "nodedev-start x", "nodedev-autostart x", "nodedev-info x",
		"secret-define net.xml", "secret-dumpxml " + webID, "secret-event --event lifecycle --timeout 1", "secret-get-value " + webID, "secret-set-value " + webID + " --base64 eA==", "secret-undefine " + webID,
		"find-storage-pool-sources-as logical", "find-storage-pool-sources dir net.xml", "pool-autostart x", "pool-build x", "pool-create-as x dir --target /tmp", "pool-create net.xml", "pool-define-as x dir --target /tmp", "pool-define net.xml", "pool-delete x", "pool-destroy x", "pool-dumpxml x", "pool-edit x", "pool-info x",
		"pool-name " + webID, "pool-refresh x", "pool-start x", "pool-undefine x", "pool-uuid x", "pool-event --event lifecycle --timeout 1", "pool-capabilities",
		"vol-clone a b --pool x", "vol-create-as x a 1M", "vol-create x net.xml", "vol-create-from x net.xml a", "vol-delete a --pool x", "vol-download a /tmp/x --pool x", "vol-dumpxml a --pool x", "vol-info a --pool x", "vol-key a --pool x", "vol-name /tmp/x", "vol-path a --pool x", "vol-pool /tmp/x",
		"vol-resize a 1M --pool x", "vol-upload a /tmp/x --pool x", "vol-wipe a --pool x",
	}},
	{name: "host", lines: []string{
		"capabilities | grep -A6 '<guest>'", "uri", "hostname", "version", "nodeinfo", "nodecpumap", "nodecpustats", "nodecpustats --percent", "nodememstats", "freecell", "freecell --all", "freepages --all", "freepages --cellno 0 --pagesize 4KiB", "freepages --cellno 0 --pagesize 3KiB", "freepages --cellno 7 --pagesize 4KiB", "freecell --cellno 7", "nodememstats 7", "nodecpustats 99", "maxvcpus", "sysinfo | head -1",
		"domcapabilities", "domcapabilities --virttype kvm", "-r domcapabilities", "node-memory-tune", "allocpages 4KiB 1", "nodesuspend mem 60", "cpu-models x86_64", "nodesevinfo", "echo hello", "pwd >/dev/null", "cd /", "connect lxc:///system", "help list | sed -n 2p", "quit", "exit",
		"event --list | head -3", "event --event lifecycle --timeout 1", "define web.xml", "-r start web", "-r list --all", "-r undefine web", "undefine web",
		"cpu-baseline web.xml", "cpu-compare web.xml", "hypervisor-cpu-baseline web.xml", "hypervisor-cpu-compare web.xml",
	}, vary: map[string]string{
		`(CPU frequency|CPU socket\(s\)|CPU\(s\)|Core\(s\) per socket|Thread\(s\) per core|NUMA cell\(s\)|Memory size|CPUs present|CPUs online|CPU map|user|system|idle|iowait|total|free|buffers|cached|Total|0|usage|intr)( *):.*`: "$1$2: N",
		`Running hypervisor: LXC .*`: "Running hypervisor: LXC N", `([0-9]KiB: ).*`: "${1}N", `(shm_[a-z_]+ +).*`: "${1}N", `(vcpu max=)'[0-9]+'`: "${1}'N'",
	}},
	{name: "refused", lines: []string{
		"define web.xml", "migrate web lxc:///system?mode=legacy", "migrate web lxc:///system", "migrate-setspeed web 1", "migrate-getspeed web", "migrate-setmaxdowntime web 1", "migrate-getmaxdowntime web", "migrate-compcache web", "migrate-postcopy web",
		"save web /tmp/x", "managedsave web", "managedsave-define web web.xml", "managedsave-dumpxml web", "managedsave-edit web", "restore nosuch", "save-image-define x web.xml", "save-image-dumpxml x", "save-image-edit x",
		"dump web /tmp/x", "screenshot web", "inject-nmi web", "send-key web KEY_A", "reset web", "dompmsuspend web mem", "dompmwakeup web", "domfsfreeze web", "domfsthaw web", "domfsinfo web", "domfstrim web",
		"domhostname web", "domlaunchsecinfo web", "domsetlaunchsecstate web --secrethdr a --secret b", "domtime web", "domcontrol web", "domdisplay web", "vncdisplay web", "ttyconsole web",
		"blkdeviotune web sda", "blockcommit web sda", "blockcopy web sda /tmp/x", "blockjob web sda", "blockpull web sda", "blockresize web sda 1", "change-media web sda --eject", "domblkerror web", "domblkinfo web sda", "domblkthreshold web sda 1",
		"get-user-sshkeys web root", "set-user-sshkeys web root --reset", "set-user-password web root x", "guestinfo web", "guestvcpus web", "guest-agent-timeout web", "iothreadinfo web", "iothreadadd web 1", "iothreaddel web 1", "iothreadpin web 1 0", "iothreadset web 1 --poll-max-ns 1",
		"perf web", "qemu-attach 1", "qemu-monitor-command web x", "qemu-monitor-event web --timeout 1", "qemu-agent-command web x", "set-lifecycle-action web poweroff destroy", "update-memory-device web --print-xml", "vcpuinfo web", "vcpupin web", "emulatorpin web", "setvcpu web 0 --enable", "domdirtyrate-calc web", "dom-fd-associate web x 3",
		"domxml-to-native lxc-tools web.xml", "domxml-from-native nosuch web.xml", "attach-device web --file nosuch.xml", "start web --paused", "start web --force-boot",
		"checkpoint-create web", "checkpoint-create-as web x", "checkpoint-delete web x", "checkpoint-dumpxml web x", "checkpoint-edit web x", "checkpoint-info web x", "checkpoint-list web", "checkpoint-parent web x", "backup-begin web", "backup-dumpxml web",
		"snapshot-create web", "snapshot-create-as web x", "snapshot-current web", "snapshot-delete web x", "snapshot-dumpxml web x", "snapshot-edit web x", "snapshot-info web x", "snapshot-list web", "snapshot-parent web x", "snapshot-revert web x",
		"net-list --all", "net-info default", "net-define net.xml", "net-dumpxml default", "net-start default", "net-destroy default", "net-undefine default", "net-autostart default", "net-name " + webID, "net-uuid default", "net-create net.xml", "net-dhcp-leases default", "net-edit default", "net-update default add ip-dhcp-host '<host/>'", "net-event --event lifecycle --timeout 1",
		"net-port-list default", "net-port-create default net.xml", "net-port-dumpxml default " + webID, "net-port-delete default " + webID,
		"pool-list", "vol-list default", "iface-list", "nodedev-list", "secret-list", "nwfilter-list", "undefine web --nvram", "undefine web --managed-save", "undefine web --remove-all-storage",
	}},
}

const webID = "5f0cb3b1-0000-4000-8000-000000000001"

// TestVerbs: each command of virsh does what libvirt's LXC driver does, and prints the same, or is refused in its
// words.
func TestVerbs(t *testing.T) {
	for _, c := range virshVerbs {
		t.Run(c.name, func(t *testing.T) {
			host(t)
			shell(t, "ip link add br0 type bridge")
			t.Cleanup(func() { shell(t, "ip link del br0") })
			g := write(t, "web", idle, eth0)
			t.Setenv("EDITOR", "true")
			shell(t, "truncate -s 1M /srv/disk.img")
			dir := t.TempDir()
			t.Chdir(dir)
			for name, text := range map[string]string{
				"web.xml":  strings.Replace(read(t, g.File), id("web"), webID, 1),
				"web0.xml": eth0,
				"tun.xml":  "<hostdev mode='capabilities' type='misc'><source><char>/dev/net/tun</char></source></hostdev>",
				"net.xml":  "<network><name>default</name></network>",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := &session{t: t}
			for _, line := range c.lines {
				switch line {
				case "ID":
					s.domid("web")
				case "UNTIL GONE":
					eventually(t, func() error {
						if left := virsh(t, "list --all --name"); left != "" {
							return fmt.Errorf("there are %s", left)
						}
						return nil
					})
				default:
					s.asVirsh(line)
				}
			}
			text := s.String()
			for _, wrong := range []string{"Disconnected from", "End of file", "[exit status 124]", "internal error: unexpected"} {
				if strings.Contains(text, wrong) {
					t.Errorf("a command printed %q", wrong)
				}
			}
			for pattern, with := range c.vary {
				text = regexp.MustCompile(pattern).ReplaceAllString(text, with)
			}
			golden(t, "virsh-"+c.name+".txt", text)
		})
	}
}

// TestAutostartOnce: a newer virsh has a container start with the next boot only, and shows it.
func TestAutostartOnce(t *testing.T) {
	host(t)
	g := write(t, "web", idle, "")
	virsh(t, "define "+g.File)
	s := &session{t: t}
	for _, line := range []string{"autostart --once web", "dominfo web | grep Autostart", "autostart --once --disable web", "dominfo web | grep Autostart"} {
		s.types("chroot /srv/debian13 virsh -c lxc:///system " + line)
	}
	golden(t, "autostart-once.txt", s.String())
}

// TestVerbsAreAll: each command that Debian's virsh has is in a session.
func TestVerbsAreAll(t *testing.T) {
	var all []string
	for _, c := range virshVerbs {
		all = append(all, c.lines...)
	}
	elsewhere := []string{"domxml-from-native", "dumpxml", "lxc-enter-namespace"} // in page.txt
	verbs := regexp.MustCompile(`(?m)^    ([a-z][a-z0-9-]+) `).FindAllStringSubmatch(shell(t, "virsh help"), -1)
	const atLeast = 270 // of 9.0
	if len(verbs) < atLeast {
		t.Fatalf("virsh help lists %d commands", len(verbs))
	}
	for _, v := range verbs {
		verb := regexp.MustCompile(`(^|\s)` + regexp.QuoteMeta(v[1]) + `(\s|$)`)
		if !slices.ContainsFunc(all, verb.MatchString) && !slices.Contains(elsewhere, v[1]) {
			t.Errorf("no session has %q", v[1])
		}
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
