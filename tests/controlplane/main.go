// Command controlplane is the control plane that Ringfence's tests run against: the real
// Kubernetes components, built from their public modules into one binary and picked by the
// first argument. What deviates from upstream is only how a process ends (see parent.go).
package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // CronJob time zones, as in upstream's main

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	podsecurity "k8s.io/pod-security-admission/cmd/webhook/server"
)

const usage = `usage: controlplane COMPONENT [ARG]...
components: etcd, kube-apiserver, kube-controller-manager, kubectl, podsecurity-webhook,
podsecurity [--checks], defaults, references, yaml
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	component := os.Args[1]
	// cobra and kubectl read os.Args themselves and expect their own name in front.
	os.Args = append([]string{component}, os.Args[2:]...)
	switch component {
	case "etcd":
		endWithParent()
		exitOn(runEtcd(os.Args[1:]))
	case "kube-apiserver":
		endWithParent()
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		endWithParent()
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "podsecurity-webhook":
		endWithParent()
		os.Exit(cli.Run(podsecurity.NewServerCommand()))
	case "kubectl":
		runKubectl()
	case "podsecurity":
		exitOn(runPodSecurity(os.Args[1:], os.Stdin, os.Stdout))
	case "defaults":
		exitOn(eachLine(os.Stdin, os.Stdout, defaulted))
	case "references":
		exitOn(eachLine(os.Stdin, os.Stdout, referred))
	case "yaml":
		exitOn(eachLine(os.Stdin, os.Stdout, read))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
