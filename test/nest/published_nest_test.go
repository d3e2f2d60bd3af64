//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// publishedInit is the init of each root: it sets up an interface by DHCP where the root says so, and ends with a
// signal that one of the distributions has for that.
const publishedInit = `#!/bin/sh
for s in TERM PWR USR1 USR2 CONT 37 38; do trap "echo told to end by $s; exit 0" $s; done
[ -e /etc/dhcp ] && ip link set eth0 up && udhcpc -i eth0 -n -q -f -t 60 -T 1 -s /etc/lease
echo init runs
while :; do sleep 100000 & wait $!; done
`

// publishedLook tells what a container sees of itself: who init is, its rights, network, mounts and devices.
const publishedLook = `echo "host $(hostname) $(uname -m)"
awk '/^Uid|^Gid|^NoNewPrivs|^CapBnd/ { print tolower($1), $2 }' /proc/1/status
awk '$1 != 0 || $2 != 0 { print "uid", $1, $2, $3 }' /proc/1/uid_map
awk '/open files/ { print "open files", $4, $5 }' /proc/1/limits
tr '\0' '\n' < /proc/1/environ | sed -E '/^(PATH|HOME|PWD|SHLVL|LIBVIRT_|container|NOTIFY_)/d; s/^/env /' | sort
ip -o addr | awk '$2 != "lo" && $4 !~ /^fe80/ { print "address", $2, $4 }' | sort
for l in /sys/class/net/*; do
	[ ${l##*/} = lo ] && continue
	while [ $waits -gt 0 ] && [ $(cat $l/operstate) != up ]; do sleep 0.1; waits=$((waits-1)); done # the kernel tells it later
	echo "link ${l##*/} $(cat $l/address) $(cat $l/mtu) $(cat $l/operstate)"
done
{ ip -4 route; ip -6 route; } | awk '/^default|via/ { print "route", $1, $2, $3, $4, $5 }'
for g in $({ ip -4 route; ip -6 route; } | awk '/^default via/ { print $3 }'); do
	for try in 1 2 3 4 5; do ping -c1 -W2 $g > /dev/null 2>&1 && echo "gateway $g answers" && break; done
done
awk '$2 !~ "^/(proc|sys|dev|run/host|run/systemd)" { print "mount", $2, $3, substr($4, 1, 2) }' /proc/mounts
find /dev ! -type d ! -type l | grep -vE '^/dev/(null|zero|full|random|urandom|tty|console|ptmx|pts/.*|log|initctl)$' | sort | while read d; do
	case $( (: < $d) 2>&1) in *permitted*|*denied*) echo "device $d is refused" ;; *) echo "device $d is allowed" ;; esac
done
`

var (
	sourceOfRoot = regexp.MustCompile(`<source (?:dir|file)='(/[^']+/(?:rootfs|rootdev))'/>`)
	leased       = regexp.MustCompile(`\b10\.0\.3\.(?:[2-9]|\d\d|\d\d\d)/24`)
	madeMAC      = regexp.MustCompile(`52:54:00(?::[0-9a-f]{2}){3}`)
	link         = regexp.MustCompile(`(?m)^link .*\n`)
	openFiles    = regexp.MustCompile(`(?m)^open files .*\n`)
	bounding     = regexp.MustCompile(`(?m)^capbnd: ([0-9a-f]+)$`)
)

// lostCaps replaces the set of capabilities by the names of those of the host that are not in it, or, if it has few, of
// those that are.
func lostCaps(t testing.TB, text string) string {
	t.Helper()
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	set := func(text string) uint64 {
		set, err := parseHex(bounding.FindStringSubmatch(text)[1])
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	host := set(strings.ReplaceAll(string(own), "CapBnd:\t", "capbnd: "))
	return bounding.ReplaceAllStringFunc(text, func(line string) string {
		var in, out []string
		for n, name := range domain.CapabilityNames() {
			switch bit := uint64(1) << n; {
			case set(line)&bit != 0:
				in = append(in, name)
			case host&bit != 0:
				out = append(out, name)
			}
		}
		word, list := "without ", out
		if len(in) < len(out) {
			word, list = "only ", in
		}
		if len(list) == 0 {
			list = []string{"nothing"}
		}
		return word + strings.Join(list, " ")
	})
}

// TestPublishedConfigurations: configurations of LXC in the ways that people publish them are converted and defined,
// and their containers start. Each has the host name, ids, rights, addresses, routes, mounts and devices that its file
// asks for, is reached at its address, and ends with the signal of its distribution.
func TestPublishedConfigurations(t *testing.T) {
	clean(t)
	publishedMounts(t)
	publishedHost(t)
	box := busybox(t)
	files, err := filepath.Glob("../../internal/lxcconf/testdata/published/*.conf")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d configurations: %v", len(files), err)
	}
	t.Run("all", func(t *testing.T) {
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".conf"), func(t *testing.T) {
				t.Parallel()
				runPublished(t, box, file)
			})
		}
	})
}

// runPublished takes one container through its life.
func runPublished(t *testing.T, box, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	short := strings.TrimSuffix(filepath.Base(file), ".conf")
	config := filepath.Join(t.TempDir(), "config")
	published(t, config, withoutControllers(t, string(text)), 0o644)
	if fstab := strings.TrimSuffix(file, ".conf") + ".fstab"; exists(fstab) {
		lines, err := os.ReadFile(fstab)
		if err != nil {
			t.Fatal(err)
		}
		published(t, "/var/lib/lxc/trusty/fstab", string(lines), 0o644)
	}
	xml := run(t, "berthctl", "domxml-from-native", "lxc-tools", config)
	root := sourceOfRoot.FindStringSubmatch(xml)
	if root == nil {
		t.Fatalf("no root in\n%s", xml)
	}
	publishedRoot(t, box, root[1], strings.Contains(string(text), "= lxcbr0"))
	run(t, "sh", "-e", "-c", "berthctl domxml-from-native lxc-tools "+config+" 2> /dev/null | berthctl define /dev/stdin")
	name := regexp.MustCompile(`<name>(.*)</name>`).FindStringSubmatch(xml)[1]
	t.Cleanup(func() { try(t, "berthctl", "destroy", name); run(t, "berthctl", "undefine", name) })
	run(t, "berthctl", "start", name)
	signalled := strings.Contains(xml, "<init>/sbin/init</init>")
	if signalled {
		says(t, name, "init runs")
	}
	hosts := !strings.Contains(xml, "<interface") && !strings.Contains(xml, "<privnet/>")
	look := "waits=600\n" + publishedLook
	if hosts {
		look = "waits=0\n" + publishedLook
	}
	got := run(t, "berthctl", "exec", name, "--", "/bin/sh", "-c", look)
	if !strings.Contains(xml, "rlimit name='nofile'") {
		got = openFiles.ReplaceAllString(got, "")
	}
	if hosts {
		got = link.ReplaceAllString(got, "") // the host's own, whose addresses nobody knows
	}
	got = lostCaps(t, madeMAC.ReplaceAllString(leased.ReplaceAllString(got, "10.0.3.x/24"), "52:54:00:x"))
	want, err := os.ReadFile(filepath.Join("testdata/published", short))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Errorf("-want +got\n%s\nall of it:\n>>> %s\n%s\n<<<", diff, short, got)
	}
	for _, address := range regexp.MustCompile(`(?m)^address \S+ ([0-9a-f.:]+)/`).FindAllStringSubmatch(got, -1) {
		if a := address[1]; !strings.HasPrefix(a, "192.168.178.") && !strings.HasPrefix(a, "10.30.") && !strings.HasPrefix(a, "10.50.") && !strings.HasPrefix(a, "10.99.") {
			run(t, "ping", "-c1", "-W60", a)
		}
	}
	if !signalled {
		run(t, "berthctl", "destroy", name)
		return
	}
	run(t, "berthctl", "shutdown", name, "--wait", "--timeout", "60")
	if i := info(t, name); i.State != "shutoff" || i.LastExit.Code != 0 {
		t.Errorf("it is %s after its shutdown, and the last exit is %+v", i.State, i.LastExit)
	}
	fmt.Fprintln(t.Output(), run(t, "berthctl", "console-log", name))
}
