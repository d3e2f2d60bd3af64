package service

import (
	"errors"
	"log/slog"

	"github.com/berthd/berth/internal/domain"
)

// Examination is what Validate finds.
type Examination struct {
	Faults        []*domain.Error
	More          int // faults that there is no room for
	WithoutEffect []domain.Mention
}

// Validate checks a definition as Define does, or the only device of a document as AttachDevice does, and stores
// nothing. It does not compare the name and the uuid with those of other containers.
func (s *Service) Validate(xml []byte, device bool) (v Examination, err error) {
	if device {
		v.WithoutEffect = domain.WithoutEffectInDevice(xml)
		_, err = domain.ParseDevice(xml)
	} else {
		v.WithoutEffect = domain.WithoutEffect(xml)
		var def *domain.Def
		if def, err = domain.Parse(xml); err == nil {
			err = s.checkLabel(def)
		}
	}
	if several, ok := errors.AsType[*domain.Errors](err); ok {
		v.Faults, v.More = several.List, several.More
		return v, nil
	}
	if one, ok := errors.AsType[*domain.Error](err); ok {
		v.Faults = []*domain.Error{one}
		return v, nil
	}
	return v, err
}

// warnWithoutEffect writes one warning to the log that names all that a definition or device has without effect.
func (s *Service) warnWithoutEffect(who slog.Attr, list []domain.Mention) {
	if len(list) > 0 {
		s.Log.Warn("parts of the definition are kept and have no effect in a container, as with libvirt", who, "elements", domain.Names(list))
	}
}

// warnOfDevice is warnWithoutEffect of a device that a container has got, unless err says that it has not.
func (s *Service) warnOfDevice(u domain.UUID, xml []byte, err error) {
	if err == nil {
		s.warnWithoutEffect(s.WhoHas(u), domain.WithoutEffectInDevice(xml))
	}
}
