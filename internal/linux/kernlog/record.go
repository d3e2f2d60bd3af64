package kernlog

import (
	"strconv"
	"strings"
)

// Message is one message of the kernel.
type Message struct {
	At   string // its time in the log, in microseconds
	Text string // as it was printed; it may have line breaks
}

// parse takes a record of the device apart (Documentation/ABI/testing/dev-kmsg):
//
//	PRIORITY,NUMBER,TIME,FLAGS[,MORE...];TEXT
//	 NAME=VALUE
//
// ok is false if the kernel has not written the text itself, or if it is the rest of another message, which somebody
// else may choose the beginning of.
func parse(record string) (m Message, ok bool) {
	head, text, found := strings.Cut(record, ";")
	fields := strings.Split(head, ",")
	if !found || len(fields) < 4 || fields[3] == "c" {
		return m, false
	}
	const levels = 8 // a priority is 8*facility+level, and the kernel is facility 0
	if priority, err := strconv.ParseUint(fields[0], 10, 32); err != nil || priority >= levels {
		return m, false
	}
	text, _, _ = strings.Cut(text, "\n")
	return Message{At: fields[2], Text: unescape(text)}, true
}

// unescape reads \xNN, which the device has for a backslash and all but ASCII's printable characters.
func unescape(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, `\x`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n, err := strconv.ParseUint(after[:min(2, len(after))], 16, 8)
		if err != nil {
			b.WriteString(`\x`)
			text = after
			continue
		}
		b.WriteByte(byte(n))
		text = after[2:]
	}
}
