package audit

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/elastic/go-libaudit/v2"
)

// Kernel is a connection to the kernel's audit.
type Kernel interface {
	// Send returns when the kernel has taken a record. That may take as long as the kernel's backlog is full
	// (auditctl(8), --backlog_wait_time).
	Send(k Kind, text string) error
	// Enabled reports whether audit is switched on. While it is off, the kernel takes records and drops them.
	Enabled() (bool, error)
	Close() error
}

// Errors of Open.
var (
	ErrNoAudit = errors.New("the kernel has no audit")
	ErrNested  = errors.New("berthd is in a pid namespace other than the host's first, and its pids mean nothing to the host's audit")
)

// firstPIDNamespace is the inode number of the host's first pid namespace (PROC_PID_INIT_INO).
const firstPIDNamespace = 4026531836

// Open connects to the host's audit. It returns ErrNoAudit or ErrNested if there is none for this daemon.
func Open() (Kernel, error) {
	if pidNamespace("self") != firstPIDNamespace {
		return nil, ErrNested
	}
	client, err := libaudit.NewNetlinkClient(syscall.NETLINK_AUDIT, 0, make([]byte, syscall.NLMSG_HDRLEN+libaudit.AuditMessageMaxLength), nil)
	switch {
	case errors.Is(err, syscall.EPROTONOSUPPORT), errors.Is(err, syscall.EAFNOSUPPORT):
		return nil, fmt.Errorf("%w: %w", ErrNoAudit, err)
	case err != nil:
		return nil, fmt.Errorf("open the audit socket: %w", err)
	}
	return netlink{client}, nil
}

// pidNamespace returns the inode number of the pid namespace of a process in /proc; 0 if there is no such process.
func pidNamespace(process string) uint64 {
	text, _ := os.Readlink("/proc/" + process + "/ns/pid")
	text, _ = strings.CutPrefix(text, "pid:[")
	n, _ := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64)
	return n
}

// netlink is the kernel's audit. The library knows no user messages.
type netlink struct{ libaudit.NetlinkSendReceiver }

// maxAnswers is how many messages may come before the answer to a record.
const maxAnswers = 16

func (n netlink) Send(k Kind, text string) error {
	message := syscall.NetlinkMessage{
		Header: syscall.NlMsghdr{Type: uint16(k), Flags: syscall.NLM_F_REQUEST | syscall.NLM_F_ACK},
		Data:   append([]byte(text), 0),
	}
	seq, err := n.NetlinkSendReceiver.Send(message)
	if err != nil {
		return fmt.Errorf("send to audit: %w", err)
	}
	for range maxAnswers {
		list, err := n.Receive(true, syscall.ParseNetlinkMessage) // the kernel has answered before send(2) returns
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("answer of audit: %w", err)
		}
		for _, m := range list {
			if m.Header.Seq == seq && m.Header.Type == syscall.NLMSG_ERROR {
				return libaudit.ParseNetlinkError(m.Data)
			}
		}
	}
	return errors.New("answer of audit: none came")
}

func (n netlink) Enabled() (bool, error) {
	status, err := (&libaudit.AuditClient{Netlink: n.NetlinkSendReceiver}).GetStatus()
	if err != nil {
		return false, fmt.Errorf("status of audit: %w", err)
	}
	return status.Enabled != 0, nil
}
