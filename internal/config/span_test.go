package config

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata anew, with systemd-analyze")

const spansGolden = "testdata/spans.golden"

// TestParseSpan: a time span means what systemd reads in the same words.
func TestParseSpan(t *testing.T) {
	t.Parallel()
	if *update {
		writeSpans(t)
	}
	file, err := os.Open(spansGolden)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text, want, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			t.Fatalf("%s: %q", spansGolden, lines.Text())
		}
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			d, err := ParseSpan(text)
			got := fmt.Sprint(d.Microseconds())
			switch {
			case err != nil && d != 0:
				t.Errorf("both %v and %v", d, err)
			case err != nil:
				got = "error"
			case d == 0 && want == "infinity":
				got = want
			}
			if got != want {
				t.Errorf("%s, systemd reads %s (%v)", got, want, err)
			}
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestParseSpanTooLong: a span beyond 292 years is an error. Systemd counts in 64 bits of
// microseconds, we in 63 of nanoseconds.
func TestParseSpanTooLong(t *testing.T) {
	t.Parallel()
	// systemd counts in 64 bits of microseconds, we in 63 of nanoseconds.
	for _, text := range []string{"300y", "9999999999999999999s", strings.Repeat("9", 400)} {
		if d, err := ParseSpan(text); err == nil {
			t.Errorf("%.20s = %v", text, d)
		}
	}
	if d, err := ParseSpan("292y"); err != nil || d != 292*(365*24*time.Hour+6*time.Hour) {
		t.Errorf("292y = %v, %v", d, err)
	}
}

// FuzzParseSpan: any text is an error or a span, which reads as itself when it is written in
// microseconds.
func FuzzParseSpan(f *testing.F) {
	for _, text := range []string{"5min 20s", "1.5h", "infinity", "", ".", "1e3", "-1", "1µs 2w"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseSpan(text)
		if d < 0 || err != nil && d != 0 {
			t.Fatalf("ParseSpan(%q) = %v, %v", text, d, err)
		}
		if err != nil || d == 0 {
			return
		}
		// Written as a number of microseconds, it is the same but for what is finer.
		again, err := ParseSpan(fmt.Sprintf("%dus", d.Microseconds()))
		if diff := (d - again).Abs(); err != nil || diff > time.Microsecond+d/(1<<40) {
			t.Errorf("%q is %v, and again %v, %v", text, d, again, err)
		}
	})
}

func writeSpans(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, text := range []string{
		"90", "0", "infinity", "5min 20s", "5min20s", "1.5h", "1h 30", "1 h", "5 s 3", "1 2", "1d2h", ".5s", "1us", "1usec",
		"1µs", "1μs", "500ms", "500msec", "2s", "2sec", "2 second", "2 seconds", "3m", "3min", "3 minute", "3 minutes", "1hr",
		"1hour", "2 hours", "1day", "2days", "1w", "2 weeks", "2M", "1month", "3 months", "1y", "1 year", "2years",
		"1y 2month 3w 4d 5h 6min 7s 8ms 9us", "0.1s", "0.000001s", "5.", "5.s", "x", "-1", "1e3", "1ns", "1.5.5s", "1S", "1 D",
		"infinity 1s", "1s,2s", "1s-2s", "0x10", "s", "min 5",
	} {
		b.WriteString(text + "\t" + microseconds(t, text) + "\n")
	}
	if err := os.WriteFile(spansGolden, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// microseconds is what systemd makes of a text: a number, infinity or error.
func microseconds(t *testing.T, text string) string {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "timespan", "--", text).CombinedOutput()
	if err != nil {
		if !strings.Contains(string(out), "Failed to parse time span") {
			t.Fatalf("systemd-analyze: %v: %s", err, out)
		}
		return "error"
	}
	found := regexp.MustCompile(`μs: ([0-9]+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("systemd-analyze: %s", out)
	}
	if n := string(found[1]); n != fmt.Sprint(^uint64(0)) {
		return n
	}
	return "infinity"
}
