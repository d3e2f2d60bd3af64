package selinux

import (
	"fmt"
	"strings"
)

// context is an SELinux context. level is "" in a policy without levels.
type context struct{ user, role, kind, level string }

// parse splits a context. The level may have colons itself.
func parse(text string) (context, error) {
	parts := strings.SplitN(text, ":", 4)
	if len(parts) < 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return context{}, fmt.Errorf("'%.100s' is no SELinux context, such as system_u:system_r:container_t:s0", text)
	}
	c := context{user: parts[0], role: parts[1], kind: parts[2]}
	if len(parts) == 4 {
		c.level = parts[3]
	}
	return c, nil
}

func (c context) String() string {
	text := c.user + ":" + c.role + ":" + c.kind
	if c.level != "" {
		text += ":" + c.level
	}
	return text
}

// process returns the context of a process with the type of c and a level, for the user and the role of the daemon's
// own.
func (c context) process(own context, level string) context {
	return context{user: own.user, role: own.role, kind: c.kind, level: level}
}

// object is process for a file: it keeps the role of c.
func (c context) object(own context, level string) context {
	return context{user: own.user, role: c.role, kind: c.kind, level: level}
}
