// Command cyclonus lets another engine's answers be compared with ours. It
// prints each step of the test cases that cyclonus generates, with what its
// engine expects of them; or it reads clusters as lines of JSON, and answers
// each with what that engine says of the connections asked about.
//
//	cyclonus cases
//	cyclonus judge <clusters.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"

	"github.com/mattfenwick/cyclonus/pkg/connectivity"
	"github.com/mattfenwick/cyclonus/pkg/connectivity/probe"
	"github.com/mattfenwick/cyclonus/pkg/generator"
	"github.com/mattfenwick/cyclonus/pkg/kube"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
	"github.com/sirupsen/logrus"
	v1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

var (
	namespaces = []string{"x", "y", "z"}
	pods       = []string{"a", "b", "c"}
	ports      = []int{80, 81}
	protocols  = []v1.Protocol{v1.ProtocolTCP, v1.ProtocolUDP, v1.ProtocolSCTP}
	addresses  = map[string]func(int) string{"IPv4": ipv4, "IPv6": ipv6}
)

// Port is what a container declares.
type Port struct {
	Protocol v1.Protocol `json:"protocol"`
	Number   int         `json:"containerPort"`
	Name     string      `json:"name,omitempty"`
}

// Pod is one pod of a cluster.
type Pod struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	Ports     []Port            `json:"ports"`
	Addresses []string          `json:"addresses"`
}

// Cluster is all that an answer depends on.
type Cluster struct {
	Namespaces map[string]map[string]string  `json:"namespaces"`
	Pods       []Pod                         `json:"pods"`
	Policies   []*networkingv1.NetworkPolicy `json:"policies"`
}

// Connection is asked about, or answered: ends are `namespace/name` of a pod,
// or an address outside of the cluster.
type Connection struct {
	Source      string      `json:"source"`
	Destination string      `json:"destination"`
	Protocol    v1.Protocol `json:"protocol"`
	Port        int         `json:"port"`
	Egress      bool        `json:"egress"`
	Ingress     bool        `json:"ingress"`
}

// Step is a cluster after some changes, and which connections are expected.
type Step struct {
	Cluster
	Connections []Connection `json:"connections"`
}

// Case is one test case; its steps follow each other on one cluster.
type Case struct {
	Family      string   `json:"family"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Steps       []Step   `json:"steps"`
}

// Question is a cluster and the connections asked about.
type Question = Step

// Answer has the connections of a question, or says why there is none.
type Answer struct {
	Connections []Connection `json:"connections,omitempty"`
	Refused     string       `json:"refused,omitempty"`
}

func main() {
	logrus.SetOutput(io.Discard)
	output := bufio.NewWriter(os.Stdout)
	err := errors.New("call it with `cases` or `judge`")
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "cases":
			err = cases(json.NewEncoder(output))
		case "judge":
			err = judge(json.NewDecoder(os.Stdin), output)
		}
	}
	if err = errors.Join(err, output.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "cyclonus:", err)
		os.Exit(1)
	}
}

// cases writes every test case twice, with pods of either address family.
func cases(output *json.Encoder) error {
	for _, family := range []string{"IPv4", "IPv6"} {
		address := addresses[family]
		// The address that the generator makes blocks around is that of z/c, the ninth pod.
		made := generator.NewTestCaseGenerator(true, address(9), namespaces, nil, nil)
		for _, one := range made.GenerateTestCases() {
			found, err := play(one, address)
			if err != nil {
				return fmt.Errorf("%s: %w", one.Description, err)
			}
			found.Family = family
			if err := output.Encode(found); err != nil {
				return err
			}
		}
	}
	return nil
}

// ipv4 gives pods of odd numbers an address in one /24, of which some are in
// the /28 that the generator excepts, and all others an address outside.
func ipv4(number int) string {
	return fmt.Sprintf("10.0.%d.%d", number%2, 5*number)
}

func ipv6(number int) string {
	return fmt.Sprintf("fd00::%x", 0x1000*(number%2)+5*number)
}

// play carries out the steps of a test case on cyclonus' mock of a cluster.
func play(one *generator.TestCase, address func(int) string) (*Case, error) {
	cluster := kube.NewMockKubernetes(1)
	resources, err := probe.NewDefaultResources(cluster, namespaces, pods, ports, protocols, nil, 1, false, "")
	if err != nil {
		return nil, err
	}
	state := &connectivity.TestCaseState{Kubernetes: cluster, Resources: resources}
	found := &Case{Description: one.Description, Tags: one.Tags.Keys()}
	sort.Strings(found.Tags)
	for _, step := range one.Steps {
		for _, action := range step.Actions {
			if err := act(state, action); err != nil {
				return nil, err
			}
		}
		readdress(state.Resources.Pods, address)
		found.Steps = append(found.Steps, taken(state, step))
	}
	return found, nil
}

func act(state *connectivity.TestCaseState, action *generator.Action) error {
	switch {
	case action.CreatePolicy != nil:
		return state.CreatePolicy(action.CreatePolicy.Policy)
	case action.UpdatePolicy != nil:
		return state.UpdatePolicy(action.UpdatePolicy.Policy)
	case action.DeletePolicy != nil:
		return state.DeletePolicy(action.DeletePolicy.Namespace, action.DeletePolicy.Name)
	case action.CreateNamespace != nil:
		return state.CreateNamespace(action.CreateNamespace.Namespace, action.CreateNamespace.Labels)
	case action.SetNamespaceLabels != nil:
		return state.SetNamespaceLabels(action.SetNamespaceLabels.Namespace, action.SetNamespaceLabels.Labels)
	case action.DeleteNamespace != nil:
		return state.DeleteNamespace(action.DeleteNamespace.Namespace)
	case action.CreatePod != nil:
		return state.CreatePod(action.CreatePod.Namespace, action.CreatePod.Pod, action.CreatePod.Labels)
	case action.SetPodLabels != nil:
		return state.SetPodLabels(action.SetPodLabels.Namespace, action.SetPodLabels.Pod, action.SetPodLabels.Labels)
	case action.DeletePod != nil:
		return state.DeletePod(action.DeletePod.Namespace, action.DeletePod.Pod)
	default:
		return fmt.Errorf("an action that is not known: %+v", action)
	}
}

// readdress replaces the addresses of the mock, which are all 192.168.1.<number>
// in the order of creation.
func readdress(pods []*probe.Pod, address func(int) string) {
	for _, pod := range pods {
		var number int
		if read, _ := fmt.Sscanf(pod.IP, "192.168.1.%d", &number); read == 1 {
			pod.IP = address(number)
		}
	}
}

// taken says what the cluster is like after a step, and what is expected of it.
func taken(state *connectivity.TestCaseState, step *generator.TestStep) Step {
	policies := slices.Clone(state.Policies) // the next step may change them in place
	found := Step{Cluster: Cluster{Namespaces: state.Resources.Namespaces, Policies: policies}}
	for _, pod := range state.Resources.Pods {
		found.Pods = append(found.Pods, shown(pod))
	}
	policy := matcher.BuildNetworkPolicies(true, state.Policies)
	builder := &probe.JobBuilder{}
	runner := &probe.SimulatedJobRunner{Policies: policy}
	for _, result := range runner.RunJobs(builder.GetJobsForProbeConfig(state.Resources, step.Probe).Valid) {
		found.Connections = append(found.Connections, Connection{
			Source:      result.Job.FromKey,
			Destination: result.Job.ToKey,
			Protocol:    result.Job.Protocol,
			Port:        result.Job.ResolvedPort,
			Egress:      *result.Egress == probe.ConnectivityAllowed,
			Ingress:     *result.Ingress == probe.ConnectivityAllowed,
		})
	}
	return found
}

func shown(pod *probe.Pod) Pod {
	found := Pod{Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels, Addresses: []string{pod.IP}}
	for _, one := range pod.Containers {
		found.Ports = append(found.Ports, Port{Protocol: one.Protocol, Number: one.Port, Name: one.PortName})
	}
	return found
}

// judge answers questions, each as soon as it is there.
func judge(input *json.Decoder, output *bufio.Writer) error {
	for {
		var question Question
		if err := input.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := errors.Join(json.NewEncoder(output).Encode(answer(&question)), output.Flush()); err != nil {
			return err
		}
	}
}

// answer says what cyclonus' engine says; what it does not take, it panics at.
func answer(question *Question) (found Answer) {
	defer func() {
		if refusal := recover(); refusal != nil {
			found = Answer{Refused: fmt.Sprint(refusal)}
		}
	}()
	policy := matcher.BuildNetworkPolicies(true, question.Policies)
	for _, asked := range question.Connections {
		allowed := policy.IsTrafficAllowed(traffic(&question.Cluster, &asked))
		asked.Egress, asked.Ingress = allowed.Egress.IsAllowed(), allowed.Ingress.IsAllowed()
		found.Connections = append(found.Connections, asked)
	}
	return found
}

func traffic(cluster *Cluster, asked *Connection) *matcher.Traffic {
	source, _ := end(cluster, asked.Source)
	destination, pod := end(cluster, asked.Destination)
	found := &matcher.Traffic{
		Source: source, Destination: destination, ResolvedPort: asked.Port, Protocol: asked.Protocol,
	}
	if pod != nil {
		for _, one := range pod.Ports {
			if one.Number == asked.Port && one.Protocol == asked.Protocol {
				found.ResolvedPortName = one.Name
			}
		}
	}
	return found
}

func end(cluster *Cluster, name string) (*matcher.TrafficPeer, *Pod) {
	for place := range cluster.Pods {
		pod := &cluster.Pods[place]
		if pod.Namespace+"/"+pod.Name == name {
			return &matcher.TrafficPeer{
				Internal: &matcher.InternalPeer{
					PodLabels:       pod.Labels,
					NamespaceLabels: cluster.Namespaces[pod.Namespace],
					Namespace:       pod.Namespace,
				},
				IP: pod.Addresses[0],
			}, pod
		}
	}
	return &matcher.TrafficPeer{IP: name}, nil
}
