//go:build vm

package vm

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// denials are the SELinux denials since a time, one line each.
func denials(t testing.TB, since time.Time) []string {
	t.Helper()
	// Without --input-logs it would read standard input.
	r := try(t, "ausearch", "--input-logs", "--message", "avc,user_avc,selinux_err,user_selinux_err", "--start", since.Format("01/02/06"), since.Format("15:04:05"))
	if r.Status != 0 && !strings.Contains(r.Err, "no matches") {
		t.Fatalf("ausearch: %+v", r)
	}
	var lines []string
	for line := range strings.SplitSeq(r.Out, "\n") {
		if strings.HasPrefix(line, "type=") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestEnforcing: the policy denies nothing of a container's life, and the container cannot write to
// the policy's file system.
func TestEnforcing(t *testing.T) {
	if got := run(t, "getenforce"); got != "Enforcing" {
		t.Fatalf("SELinux is %s", got)
	}
	if len(denials(t, time.Now().AddDate(-1, 0, 0))) == 0 {
		t.Fatal("not even the denials of the machine's boot are found")
	}
	const idmap = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"
	for name, c := range map[string]struct {
		more      string
		image     bool
		selinuxfs bool // in containers without a user namespace
	}{
		"plain":           {selinuxfs: true},
		"user namespace":  {more: idmap},
		"private network": {more: "<features><privnet/></features>", selinuxfs: true},
		"image":           {image: true, selinuxfs: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>" + c.more}
			if c.image {
				file := filepath.Join(t.TempDir(), "image")
				run(t, "truncate", "--size=16M", file)
				run(t, "chcon", "--type=fsadm_tmp_t", file) // mke2fs has a domain of its own
				run(t, "mke2fs", "-q", "-F", "-t", "ext4", file)
				run(t, "chcon", "--type=virt_image_t", file)
				g.Devs = "<filesystem type='file'><source file='" + file + "'/><target dir='/mnt'/></filesystem>"
			}
			begin := time.Now()
			g.start(t)
			if c.image {
				g.says(t, "echo x > /mnt/file && cmp /mnt/file /mnt/file")
			}
			if c.selinuxfs {
				got := g.says(t, "grep -c ' /sys/fs/selinux selinuxfs ro,' /proc/mounts; cat /sys/fs/selinux/enforce; echo; echo 0 2>&1 > /sys/fs/selinux/enforce || true")
				if !strings.HasPrefix(got, "1\n1\n") || !strings.Contains(got, "Read-only file system") {
					t.Errorf("selinuxfs: %q", got)
				}
			}
			if got := g.says(t, "head -n 1 /proc/meminfo"); got != "MemTotal:          65536 kB" {
				t.Errorf("meminfo: %q", got)
			}
			run(t, "berthctl", "suspend", "web")
			run(t, "berthctl", "resume", "web")
			run(t, "systemctl", "restart", "berthd.service")
			if got := run(t, "berthctl", "domstate", "web"); got != "running" {
				t.Errorf("after a restart of the daemon it is %s", got)
			}
			run(t, "machinectl", "terminate", "web")
			if lines := denials(t, begin); len(lines) > 0 {
				t.Errorf("denied:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
}
