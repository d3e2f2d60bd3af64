package initctl

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestRequest: a request is sysvinit's struct init_request, byte for byte.
func TestRequest(t *testing.T) {
	t.Parallel()
	for level, want := range map[Level]string{PowerOff: "6919090301000000" + "30000000", Reboot: "6919090301000000" + "36000000"} {
		got := request(level)
		if hex.EncodeToString(got[:12]) != want || len(got) != 384 || !bytes.Equal(got[12:], make([]byte, 372)) {
			t.Errorf("%c: %x", level, got)
		}
	}
}
