package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/test/goldenfile"
)

// TestGolden: every command line prints what its golden file has, with its exit status.
func TestGolden(t *testing.T) {
	t.Parallel()
	for subject, lines := range map[string][]string{
		"list": {
			"list", "list --all", "list --inactive", "list --table", "--quiet list --all", "list --all --name",
			"list --all --uuid", "list --all --id", "list --all --name --uuid --id", "list --state-running",
			"list --state-paused", "list --state-shutoff", "list --state-other", "list --all --persistent",
			"list --all --transient", "list --json", "list --all --json", "list --state-other --json",
			"list --title", "list --all --title", "list --autostart --all", "list --no-autostart", "list --all --autostart --no-autostart --name", "list --all --with-snapshot",
			"list --all --without-snapshot --without-managed-save --managed-save --uuid", "list --title --json", "-q list --title",
		},
		"dominfo":  {"dominfo web", "dominfo db", "dominfo Archive", "dominfo build", "dominfo --json web", "dominfo db --json"},
		"domstate": {"domstate web", "domstate db", "domstate --reason db", "domstate --json db"},
		"names":    {"domid web", "domid db", "domname 4711", "domname 0b62e76d-2f4c-4a0c-b2a0-ff0ed9c1f3a1", "domuuid web", "domuuid 99", "domid web --json", "domuuid --json db"},
		"domstats": {
			"domstats", "domstats web", "domstats db web", "domstats --state --list-paused", "domstats --cpu-total --block --raw 4711", "domstats --balloon --vcpu web",
			"domstats --memory --tasks web", "domstats --pressure web", "domstats --list-inactive --list-persistent --state", "domstats --list-active --list-other --state",
			"domstats --perf web", "domstats --perf --enforce web", "domstats --enforce --interface db", "domstats --list-running web", "domstats nosuch",
			"domstats web --json", "domstats --state --json --list-shutoff",
		},
		"figures": {
			"dommemstat web", "dommemstat --json web", "dommemstat build", "dommemstat db",
			"cpu-stats web", "cpu-stats web --total", "cpu-stats web --start 1 --count 2", "cpu-stats web --start 1 --total", "cpu-stats web --json", "cpu-stats build",
			"cpu-stats web --start -1", "cpu-stats web --count -1", "cpu-stats web --count x",
			"domblkstat web", "domblkstat web vda", "domblkstat web --device /dev/vdb --human", "domblkstat web --human", "domblkstat web nosuch", "domblkstat build",
			"domblkstat web --json", "domblkstat web vda --json", "domblkstat --domain web vda", "domblkstat web vda x",
		},
		"interfaces": {
			"domiflist web", "domiflist db", "domiflist build", "domiflist web --json", "domiflist build --json", "-q domiflist --domain web", "domiflist", "domiflist nosuch", "domiflist web --inactive", "domiflist web --inactive --json",
			"domifstat web eth0", "domifstat web vnet0", "domifstat web 52:54:00:00:00:02", "domifstat web lan --json", "domifstat --interface vnet0 --domain web --json",
			"domifstat web gone", "domifstat web vnet2", "domifstat web eth9", "domifstat build eth0", "domifstat db eth0", "domifstat web", "domifstat web eth0 x",
			"domstats --interface web", "domstats --interface build db", "domstats --interface web --json",
		},
		"devices": {
			"attach-device web -", "attach-device web - --live --config", "attach-device db - --persistent", "attach-device --domain web --file - --persistent", "attach-device web", "attach-device web /nosuch",
			"attach-device web - --current --live", "attach-device web - --persistent --current", "detach-device web -", "update-device web - --config", "detach-device-alias web hostdev0", "-q detach-device-alias web ua-b --config",
			"detach-device-alias web", "attach-disk web /srv/a.img vdc --print-xml", "attach-disk web /dev/null vdc --print-xml", "attach-disk web /srv/a&b.img vdc --sourcetype block --mode readonly --targetbus scsi --alias ua-c --print-xml",
			"attach-disk web /srv/a.img vdc", "attach-disk web /srv/a.img", "attach-disk web /srv/a.img vdc --mode shareable", "detach-disk web vdb --print-xml", "detach-disk web /dev/vg/data", "detach-disk web vdz", "detach-disk web vda --config",
			"domblklist web", "domblklist web --details", "domblklist web --inactive --json", "domblklist db", "domblklist db --json", "-q domblklist web", "domblklist nosuch",
		},
		"links": {
			"domif-getlink web eth0", "domif-getlink web vnet0 --config", "domif-getlink web 52:54:00:00:00:02 --persistent", "domif-getlink web eth9", "domif-getlink web 52:54:00:00:00:09", "domif-getlink web",
			"domif-setlink web eth0 down", "domif-setlink web eth0 sideways", "domif-setlink web eth0", "-q domif-setlink web --interface eth0 --state up --config",
			"domiftune web eth0", "domiftune web eth0 --config", "domiftune web eth0 --json", "domiftune web lan --live --config", "domiftune web eth0 --inbound x", "domiftune web eth0 --inbound 0,5",
			"domiftune web eth0 --inbound 1,2,3,4", "domiftune web eth0 --outbound 1,2,3,4,5", "domiftune web eth9",
			"domifaddr web", "domifaddr web --full", "domifaddr web --source arp", "domifaddr web --source arp --json", "domifaddr web --source agent", "domifaddr web --source agent --json", "domifaddr web --source agent --full", "domifaddr web --source x", "domifaddr web --interface lan", "-q domifaddr build",
			"attach-interface web bridge br0 --print-xml", "attach-interface web direct it's --source-mode bridge --mac 52:54:00:00:00:04 --target a --guest b --model virtio --inbound 1,2,3 --outbound 4 --print-xml",
			"attach-interface web bridge br0", "attach-interface web user x", "attach-interface web bridge", "attach-interface web", "attach-interface web ethernet --inbound x", "attach-interface web ethernet --persistent --current",
			"detach-interface web bridge", "detach-interface web direct", "detach-interface web network", "detach-interface web direct --mac 52:54:00:00:00:09", "detach-interface web direct --mac 52:54:00:00:00:03",
		},
		"tune": {
			"memtune web", "memtune db", "memtune web --config", "memtune web --json", "memtune db --json", "memtune db --live", "memtune web --live --config", "memtune web --live --current",
			"memtune web --hard-limit 1G", "memtune web 600MiB 500MB 1GiB --live", "memtune web --hard-limit 1G --json", "memtune web --swap-hard-limit 100", "memtune web --hard-limit 9x", "memtune nosuch",
			"setmem web 256M", "setmem web --size 65536 --config", "setmem web", "setmem web 0", "setmem web 1Z", "setmem web 1 2", "setmaxmem db 1GiB --current", "setmaxmem db --config --current 1",
			"blkiotune web", "blkiotune db", "blkiotune web --json", "blkiotune db --json", "blkiotune web --weight 500", "blkiotune web --weight x",
			"blkiotune web --device-weights /dev/vda", "blkiotune web --device-read-iops-sec /dev/vda,x", "blkiotune web --device-write-bytes-sec /dev/vda,0,/dev/vdb,9",
			"schedinfo web", "schedinfo db", "schedinfo web --config", "schedinfo web --json", "schedinfo db --json", "schedinfo web --set cpu_shares=50", "schedinfo web vcpu_period=20000 vcpu_quota=-1",
			"schedinfo web cpu_shares=0", "schedinfo web vcpu_period=x", "schedinfo web weight=5", "schedinfo web cpu_shares", "schedinfo --domain web cpu_shares=5 --json",
			"numatune web", "numatune db", "numatune web --json", "numatune db --json", "numatune web --mode strict --nodeset 0-1,^1", "numatune web restrictive 0", "numatune web --nodeset a", "numatune web --nodeset 3-1",
			"setvcpus web 2", "setvcpus web 2 --live", "setvcpus db 2 --config", "setvcpus web 2 --guest", "setvcpus web --maximum 2", "setvcpus web 0", "setvcpus web", "setvcpus nosuch 1",
		},
		"guest": {
			"domhostname web", "domhostname web --source agent", "domhostname web --source lease", "domhostname web --source x", "domhostname db", "domtime web", "domtime web --pretty", "domtime web --json", "domtime web --now", "domtime db",
			"domfsinfo web", "domfsinfo web --json", "-q domfsinfo web", "domfsinfo db", "guestinfo web", "guestinfo web --timezone --hostname", "guestinfo web --json", "guestinfo web --timezone --json", "guestinfo web --user", "guestinfo db", "guestinfo nosuch",
			"guest-agent-timeout web", "vcpucount web", "vcpucount db", "vcpucount web --maximum --live", "vcpucount db --config", "vcpucount web --live --config", "vcpucount web --maximum --active", "vcpucount web --guest",
		},
		"validate": {"validate -", "-q validate -", "validate --json -", "validate /nosuch", "validate", "define - --validate", "create --validate -"},
		"job":      {"domjobinfo web", "domjobinfo db", "domjobinfo web --rawstats", "domjobinfo db --rawstats", "domjobinfo web --completed", "domjobinfo nosuch"},
		"metadata": {
			"desc web", "desc web --title", "desc db", "-q desc db --title", "desc web New words", "desc --title web --config New title", "desc db --new-desc x --live", "desc web --live --current", "desc", "desc web ",
			"metadata web urn:app", "metadata db urn:none", "metadata web urn:app --set <a/>", "metadata web urn:app --set <a/> --key app", "metadata --domain web --uri urn:app --remove --config --live", "metadata web urn:app --remove --edit",
			"metadata web urn:app --set x --remove", "metadata web", "metadata nosuch urn:app",
		},
		"changes": {
			"start db", "destroy web", "suspend web", "resume build", "undefine db", "-q start db",
			"destroy 4711", "destroy --domain web", "destroy --domain=web", "start 0b62e76d-2f4c-4a0c-b2a0-ff0ed9c1f3a1",
			"shutdown web", "shutdown web --mode signal,initctl", "shutdown --wait 4711", "shutdown web --wait --timeout 9", "-q shutdown 4711",
			"reboot web", "reboot web --mode auto --wait", "reset web", "reset 4711",
			"autostart db", "autostart --disable 4711", "-q autostart --domain db", "autostart --once db", "autostart --once --disable 4711", "autostart", "autostart nosuch",
			"domrename db store", "domrename --domain db --new-name store", "domrename db --new-name store", "-q domrename db store",
			"unshift db", "unshift db --from 300000 --dry-run", "unshift --domain db --json", "unshift --path /srv/tree", "unshift --path /srv/tree --dry-run --json",
			"unshift", "unshift db --path /srv/tree", "unshift db --from 0", "unshift db --from x", "unshift nosuch", "domjobabort db",
			"define -", "create -", "define --file -", "-q define -",
		},
		"show": {"dumpxml web", "dumpxml --inactive web", "plan web", "console-log web", "console-log web --devname console1", "version", "version --json", "--version", "-v"},
		"usage": {
			"", "nosuch", "start", "start a b", "start --domain a b", "start --domain", "start --nosuch web", "start -x web",
			"list a", "version a", "list --name --json", "list --table --uuid", "list --json --table", "list --all=x",
			"shutdown web --timeout 9", "shutdown web --wait --timeout x", "shutdown web --mode", "reboot",
			"domrename", "domrename db", "domrename db a b", "domrename --domain db", "domrename --new-name x", "domrename nosuch x", "edit", "edit nosuch",
			"define", "define /nosuch/file", "start nosuch", "domid 12", "domid 00000000-0000-0000-0000-000000000000", "start ",
			"help nosuch", "completion", "completion tcsh", "-c qemu:///system list", "-c lxc:///system domid web", "--connect lxc:/// domid web",
		},
		"help": {"help", "help list", "start --help", "help shutdown", "help domstats", "help domblkstat", "help domifstat", "help domiflist", "help domiftune", "help domifaddr", "help attach-interface", "help detach-interface", "help domif-setlink", "help memtune", "help schedinfo", "help blkiotune", "setmem --help", "help setvcpus", "help attach-device", "help attach-disk", "help domblklist"},
	} {
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			goldenLines(t, subject, lines)
		})
	}
}

// goldenLines compares what command lines print, and their exit status, with a golden file.
func goldenLines(t *testing.T, subject string, lines []string) {
	t.Helper()
	var got strings.Builder
	for _, line := range lines {
		var args []string
		if line != "" {
			args = strings.Split(line, " ")
		}
		o := run(t, fleet(), args...)
		fmt.Fprintf(&got, "$ berthctl %s\n%s%s[%d]\n\n", line, o.out, o.err, o.status)
	}
	golden(t, subject, got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	goldenfile.Check(t, file, got)
}
