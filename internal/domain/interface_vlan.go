package domain

import "slices"

// VLAN is the <vlan> of an interface on a bridge: which VLANs its port is in. The zero value is none: the port is in
// the one that the bridge gives each port.
type VLAN struct {
	Tags []uint16 // from 1 to 4094
	// Trunk is whether the container sends and receives frames with a tag. Without it there is one tag, which the bridge
	// puts on and takes off.
	Trunk      bool
	Native     uint16 // of a trunk: the VLAN of frames that the container sends without a tag; 0 means none
	NativeMode string // "tagged" or "untagged": how the container receives the native VLAN's frames
}

const maxVLAN = 4094 // IEEE 802.1Q keeps 0 and 4095

type ifaceVLAN struct {
	Trunk string    `xml:"trunk,attr,omitempty"`
	Tags  []vlanTag `xml:"tag"`
}

type vlanTag struct {
	ID         *uint64 `xml:"id,attr"`
	NativeMode string  `xml:"nativeMode,attr,omitempty"`
}

// readVLAN reads <vlan> by libvirt's rules.
func readVLAN(i *Interface, at string, x *ifaceVLAN, f *faults) {
	if x == nil {
		return
	}
	at += "/vlan"
	if i.Type != InterfaceBridge && i.Type != InterfaceNetwork {
		f.unsupported(at, "an interface of the type '%.40s' is no port of a bridge", string(i.Type))
	}
	if len(x.Tags) == 0 {
		f.invalid(at+"/tag", "it is missing: a port of a bridge is in one VLAN or more")
	}
	v := &i.VLAN
	for n := range x.Tags {
		v.read(nth(at+"/tag", n), &x.Tags[n], f)
	}
	v.Trunk = x.Trunk == "yes" || len(v.Tags) > 1 || v.Native != 0
	if x.Trunk != "" && (x.Trunk != "yes" && x.Trunk != "no" || x.Trunk == "no" && v.Trunk) {
		f.invalid(at+"@trunk", "'%.40s' is not yes, which several tags and a native VLAN need", x.Trunk)
	}
}

func (v *VLAN) read(at string, x *vlanTag, f *faults) {
	switch {
	case x.ID == nil || *x.ID == 0 || *x.ID > maxVLAN:
		f.invalid(at+"@id", "it is missing or not from 1 to %d", maxVLAN)
		return
	case slices.Contains(v.Tags, uint16(*x.ID)):
		f.invalid(at+"@id", "the interface has the tag %d already", *x.ID)
	}
	v.Tags = append(v.Tags, uint16(*x.ID))
	switch x.NativeMode {
	case "":
		return
	case "tagged", "untagged":
	default:
		f.invalid(at+"@nativeMode", "'%.40s' is unknown; known are tagged, untagged", x.NativeMode)
	}
	if v.Native != 0 {
		f.invalid(at+"@nativeMode", "the tag %d is the native one already", v.Native)
	}
	v.Native, v.NativeMode = uint16(*x.ID), x.NativeMode
}

func formatVLAN(v VLAN) *ifaceVLAN {
	if len(v.Tags) == 0 {
		return nil
	}
	x := &ifaceVLAN{}
	if v.Trunk {
		x.Trunk = "yes"
	}
	for _, tag := range v.Tags {
		id := uint64(tag)
		one := vlanTag{ID: &id}
		if tag == v.Native {
			one.NativeMode = v.NativeMode
		}
		x.Tags = append(x.Tags, one)
	}
	return x
}
