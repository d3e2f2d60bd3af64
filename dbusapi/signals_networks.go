package dbusapi

import (
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// NetworkChanged implements service.NetworkObserver.
func (s *Signals) NetworkChanged(name string, uuid domain.UUID, what service.NetworkEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.about.network = name
	defer func() { s.about = about{} }()
	s.emit(rootPath, contract.NetworksInterface, "NetworkChanged", strings.ToValidUTF8(name, "\uFFFD"), string(what),
		map[string]dbus.Variant{"uuid": dbus.MakeVariant(uuid.String())})
}
