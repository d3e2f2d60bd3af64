//go:build nest

package nest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limited is an interface on the bridge br0 with limits.
func limited(address, limits string) string {
	return strings.Replace(onBridge(address), "</interface>", "<bandwidth>"+limits+"</bandwidth></interface>", 1)
}

// rateOf has one container send another a number of bytes, and returns how many came in a second: at least, by our
// clock from before the call until after it, and at most, by the receiver's, which looks at it when it has got the
// first byte. The slower the machine, the more that is apart.
func rateOf(t *testing.T, from, to, address string, bytes int) (least, most float64) {
	t.Helper()
	done := make(chan result)
	count := fmt.Sprintf("head -c 1 > /dev/null; cat /proc/uptime; head -c %d | wc -c; cat /proc/uptime", bytes)
	go func() {
		done <- try(t, "berthctl", "exec", to, "--", "nc", "-l", "-p", "9", "-e", "sh", "-c", "{ "+count+"; } > /rate")
	}()
	send := fmt.Sprintf("until dd if=/dev/zero bs=65536 count=%d 2> /dev/null | nc %s 9; do :; done", bytes/65536+2, address)
	began := time.Now()
	run(t, "berthctl", "exec", from, "--", "sh", "-c", send)
	if r := <-done; r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	took := time.Since(began)
	words := strings.Fields(run(t, "berthctl", "exec", to, "--", "cat", "/rate"))
	if len(words) != 5 || words[2] != strconv.Itoa(bytes) {
		t.Fatalf("%s got %q", to, words)
	}
	begin, err1 := strconv.ParseFloat(words[0], 64)
	end, err2 := strconv.ParseFloat(words[3], 64)
	if err1 != nil || err2 != nil || end <= begin {
		t.Fatalf("%s got %q", to, words)
	}
	return float64(bytes) / took.Seconds(), float64(bytes) / (end - begin)
}

// TestBandwidth: an interface receives and sends at its average rates, within a tenth, each direction by itself. The
// end of the container takes all that limits it away.
func TestBandwidth(t *testing.T) {
	clean(t)
	bridge(t, "br0")
	for name, devs := range map[string]string{
		"free": onBridge("192.0.2.2/24"), "web": limited("192.0.2.3/24", "<inbound average='2000'/><outbound average='4000'/>"),
	} {
		g := sleeper(t, name)
		g.More, g.Devs = idmap, devs
		g.start(t)
	}
	for what, rate := range map[string]struct {
		want float64
		got  func() (least, most float64)
	}{
		"receives": {2_000_000, func() (float64, float64) { return rateOf(t, "free", "web", "192.0.2.3", 4_000_000) }},
		"sends":    {4_000_000, func() (float64, float64) { return rateOf(t, "web", "free", "192.0.2.2", 8_000_000) }},
	} {
		// It is never faster. A busy machine can make it slower, which is no limit's doing.
		const attempts = 10
		most := 0.0
		for n := 0; n < attempts && most < rate.want*0.9; n++ {
			var least float64
			least, most = rate.got()
			t.Logf("it %s %.0f to %.0f bytes a second", what, least, most)
			if least > rate.want*1.1 {
				t.Errorf("it %s %.0f bytes a second, want %.0f", what, least, rate.want)
			}
		}
		if most < rate.want*0.9 {
			t.Errorf("it %s %.0f bytes a second, want %.0f", what, most, rate.want)
		}
	}
}
