package hostnet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/berthd/berth/internal/netxml"
)

// Forward lets the host forward packets, if the network needs that. Nobody takes it back: others may need it by then.
func (h *Host) Forward(p *netxml.Plan) error {
	if p.Forward4 {
		if err := write(filepath.Join(h.Proc, "ipv4/ip_forward"), "1"); err != nil {
			return err
		}
	}
	if !p.Forward6 {
		return nil
	}
	if err := h.keepAdvertisements(); err != nil {
		return err
	}
	return write(filepath.Join(h.Proc, "ipv6/conf/all/forwarding"), "1")
}

// keepAdvertisements has the kernel go on with the router advertisements that it accepts now. A host that forwards
// ignores them unless accept_ra is 2, and would lose its default route. Interfaces that come later are left to the
// kernel's default, as all others that forward: most of them are those of containers, which could make themselves the
// host's router.
func (h *Host) keepAdvertisements() error {
	files, err := filepath.Glob(filepath.Join(h.Proc, "ipv6/conf/*/accept_ra"))
	if err != nil {
		return err
	}
	forwards, err := os.ReadFile(filepath.Join(h.Proc, "ipv6/conf/all/forwarding"))
	if err != nil || strings.TrimSpace(string(forwards)) == "1" {
		return err
	}
	for _, file := range files {
		if filepath.Dir(file) == filepath.Join(h.Proc, "ipv6/conf/default") {
			continue
		}
		text, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(string(text)) == "1" {
			err = os.WriteFile(file, []byte("2"), 0)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // an interface has gone
			return err
		}
	}
	return nil
}
