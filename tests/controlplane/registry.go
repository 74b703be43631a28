package main

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"

	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// namedCheck is the revision of a check that is in force at some version.
type namedCheck struct {
	id  policy.CheckID
	run policy.CheckPodFn
}

// registry is upstream's checkRegistry (policy/registry.go) with the ids kept.
type registry struct {
	checks     []policy.Check
	maxVersion api.Version
	// cache holds what in computed: the same few levels and versions come again and again.
	cache map[api.LevelVersion][]namedCheck
}

func newRegistry(checks []policy.Check) registry {
	// Upstream's order: baseline before restricted, by id within a level.
	ordered := slices.SortedFunc(slices.Values(checks), func(a, b policy.Check) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.ID, b.ID))
	})
	var newest api.Version
	for _, check := range ordered {
		last := check.Versions[len(check.Versions)-1].MinimumVersion
		if newest.Older(last) {
			newest = last
		}
	}
	return registry{checks: ordered, maxVersion: newest, cache: map[api.LevelVersion][]namedCheck{}}
}

// at lists the checks in force, in upstream's order.
func (r *registry) at(at api.LevelVersion) []namedCheck {
	if r.maxVersion.Older(at.Version) {
		at.Version = r.maxVersion
	}
	known, ok := r.cache[at]
	if !ok {
		known = r.compute(at)
		r.cache[at] = known
	}
	return known
}

func (r *registry) compute(at api.LevelVersion) []namedCheck {
	if at.Level == api.LevelPrivileged {
		return nil
	}
	overridden := map[policy.CheckID]bool{}
	if at.Level == api.LevelRestricted {
		for _, check := range r.checks {
			revision := inForce(check, at.Version)
			if revision == nil || check.Level != api.LevelRestricted {
				continue
			}
			for _, id := range revision.OverrideCheckIDs {
				overridden[id] = true
			}
		}
	}
	var found []namedCheck
	for _, check := range r.checks {
		revision := inForce(check, at.Version)
		outside := check.Level == api.LevelRestricted && at.Level != api.LevelRestricted
		if revision == nil || outside || (check.Level == api.LevelBaseline && overridden[check.ID]) {
			continue
		}
		found = append(found, namedCheck{id: check.ID, run: revision.CheckPod})
	}
	return found
}

// inForce is the last revision of check that is not newer than version.
func inForce(check policy.Check, version api.Version) *policy.VersionedCheck {
	var found *policy.VersionedCheck
	for i := range check.Versions {
		if !version.Older(check.Versions[i].MinimumVersion) {
			found = &check.Versions[i]
		}
	}
	return found
}

// checkInfo and revisionInfo are what --checks prints.
type checkInfo struct {
	ID        string         `json:"id"`
	Level     string         `json:"level"`
	Revisions []revisionInfo `json:"revisions"`
}

type revisionInfo struct {
	Since     string   `json:"since"`
	Overrides []string `json:"overrides"`
}

func printChecks(checks []policy.Check, out io.Writer) error {
	registry := newRegistry(checks)
	var infos []checkInfo
	for _, check := range registry.checks {
		info := checkInfo{ID: string(check.ID), Level: string(check.Level)}
		for _, revision := range check.Versions {
			overrides := []string{}
			for _, id := range revision.OverrideCheckIDs {
				overrides = append(overrides, string(id))
			}
			info.Revisions = append(info.Revisions, revisionInfo{
				Since:     revision.MinimumVersion.String(),
				Overrides: overrides,
			})
		}
		infos = append(infos, info)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(infos)
}
