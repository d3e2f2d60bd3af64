package dbusapi

import (
	"context"
	"maps"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/numberset"
)

func setResourcesMethod() *method {
	return &method{
		name: "SetResources", in: "a{sv}a{sv}", action: contract.ActionManage, mutates: true, doing: "change the limits of domain",
		options: map[string]string{"live": "b", "config": "b"}, run: setResources,
	}
}

func setResources(ctx context.Context, s *Server, c *call) ([]any, error) {
	given := c.args[0].(map[string]dbus.Variant)
	var list []domain.Setting
	for _, name := range slices.Sorted(maps.Keys(given)) {
		setting, err := settingOf(name, given[name])
		if err != nil {
			return nil, err
		}
		list = append(list, setting)
	}
	return nil, s.core.SetResources(ctx, c.uuid, list, tuneOptions(c))
}

// settingOf reads one property. It returns an error if there is none of this name, or if it is of another type.
func settingOf(name string, v dbus.Variant) (domain.Setting, error) {
	s := domain.Setting{Property: name}
	kind := domain.KindOf(name)
	want, known := map[domain.SettingKind]string{domain.NumberSetting: "t", domain.SetSetting: "ay", domain.DeviceSetting: "a(st)", domain.TextSetting: "s"}[kind]
	if name == "VCPUs" { // as the property
		want = "u"
	}
	if !known {
		return s, stdError(contract.ErrorInvalidArgs, "SetResources has no resource %q", name)
	}
	if got := v.Signature().String(); got != want {
		return s, stdError(contract.ErrorInvalidArgs, "resource %q of SetResources is of type %q, not %q", name, want, got)
	}
	switch kind {
	case domain.NumberSetting:
		s.Number, _ = v.Value().(uint64)
		if n, is := v.Value().(uint32); is {
			s.Number = uint64(n)
		}
	case domain.SetSetting:
		mask, _ := v.Value().([]byte)
		set, err := numberset.Masked(mask)
		if err != nil {
			return s, stdError(contract.ErrorInvalidArgs, "resource %q of SetResources: %v", name, err)
		}
		s.Set = set
	case domain.DeviceSetting:
		if err := v.Store(&s.Devices); err != nil {
			return s, stdError(contract.ErrorInvalidArgs, "resource %q of SetResources: %v", name, err)
		}
	case domain.TextSetting:
		s.Text, _ = v.Value().(string)
	case domain.NoSetting:
	}
	return s, nil
}
