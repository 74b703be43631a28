package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// query is one line of input. Defaults says whether the API server's defaulting comes first;
// absent means that it does.
type query struct {
	Object   json.RawMessage `json:"object"`
	Level    string          `json:"level"`
	Version  string          `json:"version"`
	Defaults *bool           `json:"defaults"`
}

// verdict is one line of output: the ids of the failed checks, sorted.
type verdict struct {
	Allowed bool     `json:"allowed"`
	Checks  []string `json:"checks"`
}

func runPodSecurity(args []string, in io.Reader, out io.Writer) error {
	checks := policy.DefaultChecks()
	switch {
	case len(args) == 0:
		judge, err := newJudge(checks)
		if err != nil {
			return err
		}
		return eachLine(in, out, judge.answer)
	case len(args) == 1 && args[0] == "--checks":
		return printChecks(checks, out)
	default:
		return errors.New("usage: podsecurity [--checks]")
	}
}

// judge runs upstream's checks one by one, because upstream's evaluator does not say which check
// a result comes from, and holds each answer against that evaluator's.
type judge struct {
	evaluator policy.Evaluator
	registry  registry
}

func newJudge(checks []policy.Check) (*judge, error) {
	evaluator, err := policy.NewEvaluator(checks, nil)
	if err != nil {
		return nil, err
	}
	return &judge{evaluator: evaluator, registry: newRegistry(checks)}, nil
}

func (j *judge) answer(line []byte) (any, error) {
	var asked query
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return nil, fmt.Errorf("bad query: %w", err)
	}
	level, err := api.ParseLevel(asked.Level)
	if err != nil {
		return nil, fmt.Errorf("level: %w", err)
	}
	version, err := api.ParseVersion(asked.Version)
	if err != nil {
		return nil, fmt.Errorf("version: %w", err)
	}
	meta, spec, err := asked.pod()
	if err != nil {
		return nil, err
	}
	return j.evaluate(api.LevelVersion{Level: level, Version: version}, meta, spec)
}

// pod is the pod, or pod template, that the query's object holds.
func (q *query) pod() (*metav1.ObjectMeta, *corev1.PodSpec, error) {
	object, err := decode(q.Object)
	if err != nil {
		return nil, nil, err
	}
	if q.Defaults == nil || *q.Defaults {
		legacyscheme.Scheme.Default(object)
	}
	meta, spec, err := admission.DefaultPodSpecExtractor{}.ExtractPodSpec(object)
	if err == nil && spec == nil {
		err = errors.New("the object has no pod template")
	}
	return meta, spec, err
}

func (j *judge) evaluate(at api.LevelVersion, meta *metav1.ObjectMeta, spec *corev1.PodSpec) (any, error) {
	found := verdict{Allowed: true, Checks: []string{}}
	var derived []policy.CheckResult
	for _, check := range j.registry.at(at) {
		result := check.run(meta, spec)
		derived = append(derived, result)
		if !result.Allowed {
			found.Allowed = false
			found.Checks = append(found.Checks, string(check.id))
		}
	}
	// Both run the checks in the same order, so the results must be equal one by one.
	official := j.evaluator.EvaluatePod(at, meta, spec)
	if !slices.Equal(derived, official) || found.Allowed != policy.AggregateCheckResults(official).Allowed {
		return nil, errors.New("derived ids disagree")
	}
	slices.Sort(found.Checks)
	return found, nil
}
