package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// notifyPause is how long nothing is read after something was: whoever says more waits meanwhile, since
// the socket holds few messages (net.unix.max_dgram_qlen).
const notifyPause = 20 * time.Millisecond

// maxNotices is how many messages are read in one go.
const maxNotices = 64

// maxNotice is the largest message, in bytes. That is systemd's limit, too.
const maxNotice = 4096

// hearInit turns what init says on its socket into events.
func (s *supervisor) hearInit(socket *os.File) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	var now wire.Notified
	buf := make([]byte, maxNotice)
	for {
		before := now
		err := raw.Read(func(fd uintptr) bool {
			heard := false
			for range maxNotices {
				// There is no room for descriptors: the kernel closes those that come.
				n, _, _, _, err := unix.Recvmsg(int(fd), buf, nil, unix.MSG_DONTWAIT)
				switch {
				case errors.Is(err, unix.EINTR):
				case err != nil:
					return heard || !errors.Is(err, unix.EAGAIN)
				default:
					heard = true
					notice(&now, string(buf[:n]))
				}
			}
			return true
		})
		if err != nil {
			return
		}
		if now != before {
			said := now
			s.events <- event{notified: &said}
		}
		<-time.After(notifyPause)
	}
}

// notice takes a message of sd_notify(3) into account: READY=1 and STATUS=.
func notice(now *wire.Notified, message string) {
	for line := range strings.SplitSeq(message, "\n") {
		if line == "READY=1" {
			now.Ready = true
		}
		if status, ok := strings.CutPrefix(line, "STATUS="); ok {
			now.Status = printable(status)
		}
	}
}

// printable returns a text as it may be shown: valid, without control characters, and not too long.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
	if len(text) > wire.MaxStatus {
		text = strings.ToValidUTF8(text[:wire.MaxStatus], "")
	}
	return text
}

// unreadPause is when what init has said is passed on that a berthd did not read before.
const unreadPause = time.Second

// notified passes on what init has said. A container can say more than a berthd reads that is stopped or hangs. That
// waits, so that there is room for messages which do not: the end of init, and answers.
func (s *supervisor) notified(n *wire.Notified) error {
	s.said = n
	if s.control == nil || s.control.HasRoom() {
		s.unsaid = false
		return s.tell(n)
	}
	if s.unsaid {
		return nil
	}
	s.unsaid = true
	time.AfterFunc(unreadPause, func() {
		s.events <- event{do: func() {
			if !s.unsaid {
				return
			}
			s.unsaid = false
			if err := s.notified(s.said); err != nil {
				fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
			}
		}}
	})
	return nil
}
