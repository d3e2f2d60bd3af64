//go:build nest

package nest

import (
	"strings"
	"testing"
)

// nested are what programs with a sandbox of their own do: each mounts a proc for a new pid namespace, in a
// user namespace of their own. The last one leaves its root, as bubblewrap does.
const nested = `unshare -U -r -m -p -f mount -t proc proc /mnt && echo proc of its own
unshare -U -r -m -p -f sh -c 'mount -t proc -o ro,nosuid,nodev,noexec proc /proc && ls -d /proc/1/ns /proc/2 2>&1' | grep -c '^/proc/'
unshare -U -r -n -m mount -t sysfs -o ro sysfs /mnt && echo sysfs of its own
unshare -U -r -m -p -f sh -c 'mount -t tmpfs t /mnt; mkdir /mnt/old /mnt/proc; pivot_root /mnt /mnt/old && /old/bin/busybox mount -t proc proc /proc && echo root of its own'
`

// TestNestedProc: whatever the definition has, a program in a container can mount a proc and a sysfs in a user
// namespace of its own, as bubblewrap, rootless podman and browsers do; root and an ordinary user alike.
func TestNestedProc(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{
		"plain": "", "privnet": "<features><privnet/></features>", "user namespace": idmap,
		"user namespace, privnet":                idmap + "<features><privnet/></features>",
		"filter":                                 extension("<seccomp profile='default'/><no_new_privs/>"),
		"user namespace, no capability to mount": idmap + "<features><capabilities policy='default'><sys_admin state='off'/></capabilities></features>",
	} {
		for user, args := range map[string]string{"root": "", "user": "<inituser>guest</inituser>"} {
			t.Run(name+"/"+user, func(t *testing.T) {
				clean(t)
				got := tell(t, guest{Name: "web", Root: busybox(t), More: more, Args: args}, nested)
				if want := "proc of its own\n1\nsysfs of its own\nroot of its own"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// TestNestedProcGivesNothing: a proc in a user namespace inside gives nobody a right over the host's settings
// that he has not outside it. Who may not mount in a container without a user namespace gets no new proc.
func TestNestedProcGivesNothing(t *testing.T) {
	clean(t)
	const write = `mount | grep -c ' on /proc type'; (echo 77 > /proc/sys/kernel/panic) 2>/dev/null && echo written
unshare -U -r -m -p -f sh -c 'mount -t proc proc /mnt && (echo 77 > /mnt/sys/kernel/panic) && echo written'
umount -l / ; ls -d /0 /proc/0 /../0; cat /proc/sys/kernel/panic`
	const off = "<features><capabilities policy='default'><sys_admin state='off'/></capabilities></features>"
	for name, c := range map[string]struct {
		more, args string
		refused    bool // a new proc
	}{
		"user":                                   {"", "<inituser>guest</inituser>", false},
		"no capability to mount":                 {off, "", true},
		"user namespace":                         {idmap, "", false},
		"user namespace, no capability to mount": {idmap + off, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			got := tell(t, guest{Name: "web", Root: busybox(t), More: c.more, Args: c.args}, write)
			if strings.Contains(got, "written") || strings.HasSuffix(got, "77") || !strings.HasPrefix(got, "1\n") {
				t.Errorf("the host's settings were written to, or the whole proc is seen:\n%s", got)
			}
			if refused := strings.Contains(got, "mount: permission denied"); refused != c.refused {
				t.Errorf("a new proc is refused: %v, want %v:\n%s", refused, c.refused, got)
			}
		})
	}
}
