package initproc

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/caps"
	"github.com/berthd/berth/internal/linux/seccomp"
)

// native is the order of bytes that the kernel has.
var native = binary.NativeEndian //nolint:gochecknoglobals // a name

// filter installs the seccomp filter, if the plan has one.
func (s *Stage) filter() error {
	if len(s.Plan.Deny) == 0 {
		return nil
	}
	f, err := seccomp.Filter(s.Plan.Deny)
	if err != nil || len(f) == 0 {
		return err
	}
	prog := born.Words(born.Int(len(f)), born.Bytes(seccomp.Bytes(f))) // struct sock_fprog
	s.do("seccomp", "", unix.SYS_SECCOMP, born.Int(unix.SECCOMP_SET_MODE_FILTER), born.Int(0), prog)
	return nil
}

// drop takes on init's ids and drops all capabilities but init's. The bounding set comes first, because
// it needs CAP_SETPCAP. The other sets come last, because changing ids needs CAP_SETUID and CAP_SETGID.
func (s *Stage) drop() error {
	keep := s.Plan.Caps.Keep
	for c := range 64 {
		if keep&(1<<c) == 0 {
			s.do("prctl", fmt.Sprint("PR_CAPBSET_DROP ", c), unix.SYS_PRCTL, born.Int(unix.PR_CAPBSET_DROP), born.Int(c), born.Int(0), born.Int(0), born.Int(0))
			s.Worker.Tolerate(unix.EINVAL) // the kernel has no such capability
		}
	}
	s.become(s.user)
	set := keep & s.Permitted
	if s.Plan.Namespaces.User {
		set = keep
	}
	if s.user.uid != 0 {
		set = 0 // the kernel has taken all of them
	}
	header, data := caps.Words(set, s.Plan.Caps.Inherit)
	s.do("capset", fmt.Sprintf("%#x", set), unix.SYS_CAPSET, born.Bytes(header), born.Bytes(data))
	return nil
}

// become sets all ids and the supplementary groups. When the ids change, the kernel makes a process dumpable as
// fs.suid_dumpable says (proc_sys_fs(5)).
func (s *Stage) become(c credentials) {
	s.do("setgroups", "", unix.SYS_SETGROUPS, born.Int(len(c.groups)), born.Bytes(octets(c.groups)))
	s.do("setgid", fmt.Sprint(c.gid), unix.SYS_SETRESGID, born.Int(c.gid), born.Int(c.gid), born.Int(c.gid))
	s.do("setuid", fmt.Sprint(c.uid), unix.SYS_SETRESUID, born.Int(c.uid), born.Int(c.uid), born.Int(c.uid))
	s.undumpable()
}

// restrict sets no_new_privs, which a process can never unset, and the personality.
func (s *Stage) restrict() error {
	if s.Plan.NoNewPrivs {
		s.do("prctl", "PR_SET_NO_NEW_PRIVS", unix.SYS_PRCTL, born.Int(unix.PR_SET_NO_NEW_PRIVS), born.Int(1), born.Int(0), born.Int(0), born.Int(0))
	}
	if s.Plan.Linux32 {
		const perLinux32 = 0x0008 // sys/personality.h
		s.do("personality", "PER_LINUX32", unix.SYS_PERSONALITY, born.Int(perLinux32))
	}
	return nil
}
