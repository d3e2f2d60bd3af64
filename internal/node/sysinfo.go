package node

import (
	"encoding/xml"
	"maps"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/domain"
)

// Firmware has what the SMBIOS tables of the host say, by the names of the kernel's files in /sys/class/dmi/id. What
// the firmware does not say is missing.
type Firmware map[string]string

// Secrets are the files of Firmware that the kernel shows to root only: they tell one machine from all others.
func Secrets() []string {
	return []string{"product_serial", "product_uuid", "board_serial", "chassis_serial"}
}

// Without returns a copy that lacks some files.
func (f Firmware) Without(names []string) Firmware {
	rest := make(Firmware, len(f))
	maps.Copy(rest, f)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

// Sysinfo returns libvirt's XML of the firmware. found is false if there is nothing to tell.
func (f Firmware) Sysinfo() (text string, found bool, err error) {
	// The names of libvirt's entries, and the kernel's files.
	bios := f.entries("vendor", "bios_vendor", "version", "bios_version", "date", "bios_date", "release", "bios_release")
	system := f.entries("manufacturer", "sys_vendor", "product", "product_name", "version", "product_version", "serial", "product_serial",
		"uuid", "product_uuid", "sku", "product_sku", "family", "product_family")
	board := f.entries("manufacturer", "board_vendor", "product", "board_name", "version", "board_version", "serial", "board_serial", "asset", "board_asset_tag")
	chassis := f.entries("manufacturer", "chassis_vendor", "version", "chassis_version", "serial", "chassis_serial", "asset", "chassis_asset_tag")
	x := libvirtxml.DomainSysInfo{SMBIOS: &libvirtxml.DomainSysInfoSMBIOS{}}
	if len(bios) > 0 {
		x.SMBIOS.BIOS = &libvirtxml.DomainSysInfoBIOS{Entry: bios}
	}
	if len(system) > 0 {
		x.SMBIOS.System = &libvirtxml.DomainSysInfoSystem{Entry: system}
	}
	if len(board) > 0 {
		x.SMBIOS.BaseBoard = []libvirtxml.DomainSysInfoBaseBoard{{Entry: board}}
	}
	if len(chassis) > 0 {
		x.SMBIOS.Chassis = &libvirtxml.DomainSysInfoChassis{Entry: chassis}
	}
	if len(bios)+len(system)+len(board)+len(chassis) == 0 {
		return "", false, nil
	}
	raw, err := xml.Marshal(&x)
	if err != nil {
		return "", false, err
	}
	text, err = domain.Render(raw)
	return text + "\n", err == nil, err
}

// entries takes pairs of an entry's name and a file's. Entries that the firmware leaves empty are left out.
func (f Firmware) entries(pairs ...string) (list []libvirtxml.DomainSysInfoEntry) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := f[pairs[i+1]]; value != "" {
			list = append(list, libvirtxml.DomainSysInfoEntry{Name: pairs[i], Value: value})
		}
	}
	return list
}
