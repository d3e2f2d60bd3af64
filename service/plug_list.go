package service

import (
	"github.com/berthd/berth/internal/domain"
)

// DeviceInfo is one device of a definition.
type DeviceInfo struct {
	Kind     string // of the element
	Alias    string // "" if a stored one has none
	Type     string
	Source   string // a path, network or link; of USB the numbers by which it is meant
	Target   string // a name below /dev, a directory, or the name of the interface in the container
	ReadOnly bool
	MAC      string // of an interface
}

// ListDevices returns the devices of the running container, or those of its stored definition: the same choice as for
// AttachDevice, but not both. It returns a StateError if the container is off and its live ones are asked for, and
// ErrTransient if it has no stored definition.
func (s *Service) ListDevices(u domain.UUID, o TuneOptions) ([]DeviceInfo, error) {
	c, err := s.find(u)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	def, live, err := c.readable(opPlug, o)
	if err != nil {
		return nil, err
	}
	var list []DeviceInfo
	for _, at := range def.Slots() {
		list = append(list, deviceInfo(def, at, live))
	}
	return list, nil
}

func deviceInfo(d *domain.Def, at domain.Slot, live bool) DeviceInfo {
	i := DeviceInfo{Kind: string(at.Kind), Alias: d.UserAliasOf(at)}
	if live {
		i.Alias = d.AliasOf(at)
	}
	switch v := d.Device(at); {
	case v.Disk != nil:
		i.Type, i.Source, i.Target, i.ReadOnly = string(v.Disk.Type), v.Disk.Source, v.Disk.Target, v.Disk.ReadOnly
	case v.Filesystem != nil:
		i.Type, i.Source, i.Target, i.ReadOnly = string(v.Filesystem.Type), v.Filesystem.Source, v.Filesystem.Target, v.Filesystem.ReadOnly
	case v.Interface != nil:
		i.Type, i.Source, i.Target, i.MAC = string(v.Interface.Type), v.Interface.Source, d.GuestLinks()[at.Index], v.Interface.MAC.String()
	case v.HostDevice != nil:
		i.Type, i.Source = string(v.HostDevice.Kind), v.HostDevice.Meant()
	}
	return i
}
