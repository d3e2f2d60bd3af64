package supervisor

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

const (
	journalSocket = "/run/systemd/journal/socket"
	// maxLine is the most bytes of one entry. A longer line becomes several.
	maxLine = 4 << 10
)

// journals makes the journal of each console that has one.
type journals struct {
	consoles []uint32
	fields   []string
	fd       int // the socket, made with the first journal
	open     bool
}

// of returns the journal of a console, nil if it has none.
func (s *journals) of(n int) *journal {
	if !slices.Contains(s.consoles, uint32(n)) {
		return nil
	}
	if !s.open {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			fmt.Fprintln(os.Stderr, "berth-supervisor: no output to the journal:", err)
			return nil
		}
		s.fd, s.open = fd, true
	}
	return newJournal(s.fd, journalSocket, append(slices.Clone(s.fields), "CONTAINER_CONSOLE="+wire.ConsoleFile(n)))
}

// journal sends the lines of a console's output to journald (systemd.io, "Native Journal Protocol"). It never waits: a
// line for which journald has no room is lost, and counted.
type journal struct {
	fd     int
	to     unix.SockaddrUnix
	packet []byte // the fields, and the line that is not complete yet
	fields int    // bytes of the fields
	lost   int
}

func newJournal(fd int, path string, fields []string) *journal {
	j := &journal{fd: fd, to: unix.SockaddrUnix{Name: path}}
	for _, f := range fields {
		j.packet = append(append(j.packet, f...), '\n')
	}
	j.packet = append(j.packet, "MESSAGE="...)
	j.fields = len(j.packet)
	return j
}

// write takes a part of the output. A nil journal takes nothing.
func (j *journal) write(p []byte) {
	if j == nil {
		return
	}
	for len(p) > 0 {
		room := maxLine - (len(j.packet) - j.fields)
		n := bytes.IndexByte(p, '\n')
		switch {
		case n >= 0 && n <= room:
			j.packet = append(j.packet, p[:n]...)
			p = p[n+1:]
			j.send()
		case len(p) < room:
			j.packet = append(j.packet, p...)
			return
		default:
			j.packet = append(j.packet, p[:room]...)
			p = p[room:]
			j.send()
		}
	}
}

// end sends what is left when no more output comes.
func (j *journal) end() {
	if j != nil {
		j.send()
	}
}

// send sends the line, and begins the next one. An empty line is no entry.
func (j *journal) send() {
	line := bytes.TrimRight(j.packet[j.fields:], "\r")
	j.packet = j.packet[:j.fields+len(line)]
	if len(line) > 0 {
		if j.lost > 0 {
			told := append(slices.Clone(j.packet[:j.fields]), strconv.Itoa(j.lost)+" lines of output were lost: the journal had no room\n"...)
			if j.put(told) {
				j.lost = 0
			}
		}
		if !j.put(append(j.packet, '\n')) {
			j.lost++
		}
	}
	j.packet = j.packet[:j.fields]
}

func (j *journal) put(packet []byte) bool {
	return unix.Sendto(j.fd, packet, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, &j.to) == nil
}
