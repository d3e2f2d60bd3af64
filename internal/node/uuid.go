package node

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// purpose makes the uuid another one than other programs derive from the machine id.
const purpose = "org.berth1 host uuid"

// HostUUID returns the uuid of the host: the firmware's, if it has one, and otherwise one that is derived from the
// machine id. The id itself is nobody's business (machine-id(5)). It returns "" if there is neither.
func HostUUID(firmware, machineID string) string {
	if u, err := domain.ParseUUID(strings.TrimSpace(firmware)); err == nil && !same(u) {
		return u.String()
	}
	id, err := hex.DecodeString(strings.TrimSpace(machineID))
	if err != nil || len(id) != len(domain.UUID{}) {
		return ""
	}
	mac := hmac.New(sha256.New, id)
	mac.Write([]byte(purpose))
	var u domain.UUID
	copy(u[:], mac.Sum(nil))
	u[6] = u[6]&0x0f | 0x40 // version 4, RFC 9562
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// same reports whether all digits are the same. Boards that have no uuid say this.
func same(u domain.UUID) bool {
	text := strings.ReplaceAll(u.String(), "-", "")
	return strings.Trim(text, text[:1]) == ""
}
