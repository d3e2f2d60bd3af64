package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// MAC is the hardware address of an interface. The zero value is none.
type MAC [6]byte

// String returns the address in lower case with colons.
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// ParseMAC reads an address as libvirt does: a part may have one digit. It returns an error for an address that no
// interface can have.
func ParseMAC(at, text string) (m MAC, _ *Error) {
	parts := strings.Split(text, ":")
	if len(parts) != len(m) {
		return m, invalid(at, "'%.40s' is not a MAC address such as 52:54:00:12:34:56", text)
	}
	for i, part := range parts {
		if len(part) == 1 {
			part = "0" + part
		}
		if n, err := hex.Decode(m[i:i+1], []byte(part[:min(len(part), 2)])); err != nil || n != 1 || len(part) != 2 {
			return m, invalid(at, "'%.40s' is not a MAC address such as 52:54:00:12:34:56", text)
		}
	}
	switch {
	case m[0]&1 != 0:
		return m, invalid(at, "%s is a multicast address, since its first part is odd; an interface has a unicast one", m)
	case m == MAC{}:
		return m, invalid(at, "an interface cannot have an address of zeros; without <mac> one is chosen")
	}
	return m, nil
}

// ChooseMACs chooses an address for each interface that has none, with libvirt's prefix. It depends on the uuid and the
// index alone, as long as nobody else has it. taken reports whether somebody has. It reports whether it chose any.
func (d *Def) ChooseMACs(taken func(MAC) bool) (chosen bool) {
	own := map[MAC]bool{}
	for _, i := range d.Interfaces {
		own[i.MAC] = true
	}
	for n := range d.Interfaces {
		m := &d.Interfaces[n].MAC
		for try := 0; *m == (MAC{}); try++ {
			sum := sha256.Sum256([]byte("mac " + d.UUID.String() + " " + strconv.Itoa(n) + " " + strconv.Itoa(try)))
			if one := (MAC{0x52, 0x54, 0x00, sum[0], sum[1], sum[2]}); !own[one] && !taken(one) {
				*m, own[one], chosen = one, true, true
			}
		}
	}
	return chosen
}
