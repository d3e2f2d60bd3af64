package service

import "syscall"

// KernelNames gives the release, the version and the machine of the kernel: a container has the host's. They are "" if
// it does not tell them.
func KernelNames() (release, version, machine string) {
	var u syscall.Utsname
	if syscall.Uname(&u) != nil {
		return "", "", ""
	}
	text := func(list [65]int8) string {
		var b []byte
		for _, c := range list {
			if c == 0 {
				break
			}
			b = append(b, byte(c))
		}
		return string(b)
	}
	return text(u.Release), text(u.Version), text(u.Machine)
}
