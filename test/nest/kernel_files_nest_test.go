//go:build nest

package nest

import (
	"slices"
	"strings"
	"testing"
)

// touchKernel tries to open for writing every file of /proc and /sys that the kernel lets somebody write to, is not a
// process's or of its own control group, and names those that it can. It tells what the files and directories that must
// be empty hold.
const touchKernel = `open_all() {
	while read -r f; do true 2>/dev/null >> "$f" && echo "writable $f"; done
}
find /proc -path '/proc/[0-9]*' -prune -o -path /proc/self -prune -o -path /proc/thread-self -prune -o -type f -perm /222 -print | open_all
find /sys -path /sys/fs/cgroup -prune -o -type f -perm /222 -print | open_all
for f in /proc/kallsyms /proc/kcore /proc/keys /proc/timer_list; do
	[ ! -e $f ] || [ "$(head -c 9 $f | wc -c)" = 0 ] || echo "full $f"
done
for d in /sys/firmware /sys/devices/virtual/powercap; do
	[ ! -e $d ] || [ -z "$(ls -A $d)" ] || echo "full $d"
	mkdir $d/new 2>/dev/null && echo "writable $d"
done
ls -1 /proc/bus/pci/devices /proc/irq/default_smp_affinity
(echo 77 > /proc/sysrq-trigger) 2>&1; (echo f > /proc/irq/default_smp_affinity) 2>&1
`

// allowedWrites are the files that may be opened for writing: a pressure trigger is the one's who opened the file.
func allowedWrites(kind, file string) bool {
	return strings.HasPrefix(file, "/proc/pressure/") ||
		strings.Contains(kind, "privnet") && (strings.HasPrefix(file, "/proc/sys/net/ipv4/") || strings.HasPrefix(file, "/proc/sys/net/ipv6/"))
}

// TestKernelFiles: root of a container can open no file of /proc and /sys for writing that sets something of the
// host, and what would tell it the host's secrets is empty.
func TestKernelFiles(t *testing.T) {
	clean(t)
	const off = "<features>%<capabilities policy='default'><sys_admin state='off'/></capabilities></features>"
	for kind, more := range map[string]string{
		"plain": "", "privnet": "<features><privnet/></features>", "user namespace": idmap,
		"user namespace, privnet":      idmap + "<features><privnet/></features>",
		"all capabilities":             "<features><capabilities policy='allow'/></features>",
		"no capability to mount":       strings.Replace(off, "%", "", 1),
		"privnet, no right to mount":   strings.Replace(off, "%", "<privnet/>", 1),
		"filter, and no new privilege": extension("<seccomp profile='default'/><no_new_privs/>"),
	} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			got := strings.Split(tell(t, guest{Name: "web", Root: busybox(t), More: more}, touchKernel), "\n")
			mapped := strings.Contains(kind, "user namespace") // there the owner is the wall
			for _, line := range got {
				what, file, _ := strings.Cut(line, " ")
				if what == "writable" && !allowedWrites(kind, file) || what == "full" && !mapped {
					t.Error(line)
				}
			}
			// It did try, and what is read-only can be read.
			if !slices.Contains(got, "/proc/irq/default_smp_affinity") || strings.Count(strings.Join(got, "\n"), "can't create /proc/") != 2 {
				t.Errorf("got\n%s", strings.Join(got, "\n"))
			}
		})
	}
}
