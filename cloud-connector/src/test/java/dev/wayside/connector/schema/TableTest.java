// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

    private static List<String> row(ResourceType type, String object) {
        return Samples.kind(type).cells(Samples.object(object), NOW).stream()
                .map(cell -> cell instanceof JsonString text ? text.value() : cell.toJson())
                .toList();
    }

    private static List<String> headings(ResourceType type, int most) {
        return Samples.kind(type).columns().stream()
                .filter(column -> column.priority() <= most)
                .map(KindDefinition.Column::name)
                .toList();
    }

    private static String meta(String name) {
        return "'metadata':{'name':'" + name + "','creationTimestamp':'2026-06-01T11:00:00Z'}";
    }

    private static List<String> pod(String metadata, String spec, String status) {
        return row(
                ResourceType.PODS,
                "{'metadata':{'name':'p','creationTimestamp':'2026-06-01T11:55:00Z'"
                        + metadata
                        + "},'spec':{'containers':[{'name':'a'},{'name':'b'}]"
                        + spec
                        + "},'status':{"
                        + status
                        + "}}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'phase':'Pending'|0/2|Pending|0",
                "'phase':'Pending','reason':'UnexpectedAdmissionError'|0/2|UnexpectedAdmissionError|0",
                "'phase':'Running','containerStatuses':[{'ready':true,'state':{'running':{}}},"
                        + "{'ready':true,'state':{'running':{}},'restartCount':0}]|2/2|Running|0",
                "'phase':'Running','containerStatuses':[{'ready':true,'state':{'running':{}}},"
                        + "{'restartCount':3,'state':{'waiting':{'reason':'CrashLoopBackOff'}},"
                        + "'lastState':{'terminated':{'finishedAt':'2026-06-01T11:58:00Z'}}}]"
                        + "|1/2|CrashLoopBackOff|3 (2m ago)",
                "'phase':'Pending','containerStatuses':[{'state':{'waiting':{'reason':"
                        + "'ContainerCreating'}}}]|0/2|ContainerCreating|0",
                "'phase':'Pending','containerStatuses':[{'state':{'waiting':{'reason':"
                        + "'ImagePullBackOff'}}}]|0/2|ImagePullBackOff|0",
                "'phase':'Succeeded','containerStatuses':[{'state':{'terminated':{'reason':"
                        + "'Completed'}}}]|0/2|Completed|0",
                "'phase':'Running','conditions':[{'type':'Ready','status':'False'}],"
                        + "'containerStatuses':[{'state':{'terminated':{'reason':'Completed'}}},"
                        + "{'ready':true,'state':{'running':{}}}]|1/2|NotReady|0",
                "'phase':'Failed','containerStatuses':[{'state':{'terminated':{'exitCode':7}}}]"
                        + "|0/2|ExitCode:7|0",
                "'phase':'Failed','containerStatuses':[{'state':{'terminated':{'signal':9}}}]"
                        + "|0/2|Signal:9|0",
                "'phase':'Failed','reason':'Evicted'|0/2|Evicted|0"
            })
    void podsSayHowTheyAre(String status, String ready, String reason, String restarts) {
        assertThat(pod("", "", status)).startsWith("p", ready, reason, restarts, "5m");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'name':'i','state':{'running':{}}}|Init:0/2",
                "{'name':'i','state':{'terminated':{'exitCode':0}}},{'name':'j','state':{'waiting':"
                        + "{'reason':'PodInitializing'}}}|Init:1/2",
                "{'name':'i','state':{'waiting':{'reason':'ErrImagePull'}}}|Init:ErrImagePull",
                "{'name':'i','state':{'terminated':{'exitCode':3}}}|Init:ExitCode:3",
                "{'name':'i','state':{'terminated':{'exitCode':3,'reason':'Error'}}}|Init:Error"
            })
    void podsSayHowFarTheirInitContainersAre(String statuses, String reason) {
        assertThat(
                        pod(
                                "",
                                ",'initContainers':[{'name':'i'},{'name':'j'}]",
                                "'phase':'Pending','initContainerStatuses':[" + statuses + "]"))
                .startsWith("p", "0/2", reason);
    }

    @Test
    void sidecarsCountAmongTheContainers() {
        assertThat(
                        pod(
                                "",
                                ",'initContainers':[{'name':'i','restartPolicy':'Always'}]",
                                "'phase':'Running','initContainerStatuses':[{'name':'i','started':"
                                    + "true,'ready':true,'restartCount':2,'state':{'running':{}}}],"
                                    + "'containerStatuses':[{'ready':true,'state':{'running':{}}},"
                                    + "{'ready':true,'state':{'running':{}}}]"))
                .startsWith("p", "3/3", "Running", "2");
    }

    @Test
    void podsThatAreDeletedAreTerminatingUnlessTheyAreOver() {
        String deleted = ",'deletionTimestamp':'2026-06-01T11:59:00Z'";
        assertThat(pod(deleted, "", "'phase':'Running'")).startsWith("p", "0/2", "Terminating");
        assertThat(pod(deleted, "", "'phase':'Running','reason':'NodeLost'"))
                .startsWith("p", "0/2", "Unknown");
        assertThat(pod(deleted, "", "'phase':'Failed'")).startsWith("p", "0/2", "Failed");
    }

    @Test
    void podsSayWhereTheyAreInWideTables() {
        assertThat(headings(ResourceType.PODS, 0))
                .containsExactly("Name", "Ready", "Status", "Restarts", "Age");
        assertThat(headings(ResourceType.PODS, 1))
                .containsExactly(
                        "Name",
                        "Ready",
                        "Status",
                        "Restarts",
                        "Age",
                        "IP",
                        "Node",
                        "Nominated Node",
                        "Readiness Gates");
        assertThat(
                        pod(
                                "",
                                ",'nodeName':'n1','readinessGates':[{'conditionType':'x'},"
                                        + "{'conditionType':'y'}]",
                                "'phase':'Running','podIP':'10.1.0.2','conditions':[{'type':'x',"
                                        + "'status':'True'}]"))
                .endsWith("10.1.0.2", "n1", "<none>", "1/2");
        assertThat(pod("", "", "")).endsWith("<none>", "<none>", "<none>", "<none>");
    }

    @Test
    void nodesSayWhetherTheyAreReady() {
        assertThat(headings(ResourceType.NODES, 1))
                .containsExactly(
                        "Name",
                        "Status",
                        "Roles",
                        "Age",
                        "Version",
                        "Internal-IP",
                        "External-IP",
                        "OS-Image",
                        "Kernel-Version",
                        "Container-Runtime");
        assertThat(
                        row(
                                ResourceType.NODES,
                                "{'metadata':{'name':'n','creationTimestamp':'2026-06-01T11:00:00Z',"
                                    + "'labels':{'node-role.kubernetes.io/edge':'',"
                                    + "'kubernetes.io/role':'a'}},'spec':{'unschedulable':true},"
                                    + "'status':{'conditions':[{'type':'Ready','status':'True'}],"
                                    + "'addresses':[{'type':'InternalIP','address':'10.0.0.1'}],"
                                    + "'nodeInfo':{'kubeletVersion':'v1','osImage':'Linux',"
                                    + "'kernelVersion':'6.1','containerRuntimeVersion':"
                                    + "'docker://27'}}}"))
                .containsExactly(
                        "n",
                        "Ready,SchedulingDisabled",
                        "a,edge",
                        "60m",
                        "v1",
                        "10.0.0.1",
                        "<none>",
                        "Linux",
                        "6.1",
                        "docker://27");
        assertThat(
                        row(
                                ResourceType.NODES,
                                "{"
                                        + meta("n")
                                        + ",'status':{'conditions':[{'type':'Ready','status':'Unknown'}]}}"))
                .startsWith("n", "NotReady", "<none>");
        assertThat(row(ResourceType.NODES, "{" + meta("n") + "}")).startsWith("n", "Unknown");
    }

    @Test
    void workloadsCountTheirPods() {
        String spec =
                "'spec':{'replicas':3,'selector':{'matchLabels':{'b':'2','a':'1'}},'template':{'spec':"
                    + "{'containers':[{'name':'x','image':'i'},{'name':'y','image':'j'}]}}}";
        assertThat(headings(ResourceType.DEPLOYMENTS, 1))
                .containsExactly(
                        "Name",
                        "Ready",
                        "Up-to-date",
                        "Available",
                        "Age",
                        "Containers",
                        "Images",
                        "Selector");
        assertThat(
                        row(
                                ResourceType.DEPLOYMENTS,
                                "{"
                                        + meta("d")
                                        + ","
                                        + spec
                                        + ",'status':{'readyReplicas':1,'updatedReplicas':2,"
                                        + "'availableReplicas':1}}"))
                .containsExactly("d", "1/3", "2", "1", "60m", "x,y", "i,j", "a=1,b=2");
        assertThat(
                        row(
                                ResourceType.REPLICA_SETS,
                                "{" + meta("r") + "," + spec + ",'status':{'replicas':2}}"))
                .containsExactly("r", "3", "2", "0", "60m", "x,y", "i,j", "a=1,b=2");
    }

    @Test
    void statefulSetsAndTheirRevisionsHaveTheirUsualRows() {
        assertThat(headings(ResourceType.STATEFUL_SETS, 1))
                .containsExactly("Name", "Ready", "Age", "Containers", "Images");
        assertThat(
                        row(
                                ResourceType.STATEFUL_SETS,
                                "{"
                                        + meta("s")
                                        + ",'spec':{'replicas':3,'template':{'spec':{'containers':"
                                        + "[{'name':'x','image':'i'}]}}},'status':{'readyReplicas':1}}"))
                .containsExactly("s", "1/3", "60m", "x", "i");
        assertThat(headings(ResourceType.CONTROLLER_REVISIONS, 0))
                .containsExactly("Name", "Controller", "Revision", "Age");
        assertThat(row(ResourceType.CONTROLLER_REVISIONS, "{" + meta("r") + ",'revision':7}"))
                .containsExactly("r", "<none>", "7", "60m");
        assertThat(
                        row(
                                ResourceType.CONTROLLER_REVISIONS,
                                "{"
                                        + meta("r")
                                                .replace(
                                                        "'name':'r'",
                                                        "'name':'r','ownerReferences':[{'apiVersion':"
                                                            + "'apps/v1','kind':'StatefulSet','name':"
                                                            + "'web','uid':'u','controller':true}]")
                                        + "}"))
                .containsExactly("r", "statefulset.apps/web", "0", "60m");
    }

    @Test
    void gridsSumUpTheirSites() {
        assertThat(headings(ResourceType.DEPLOYMENT_GRIDS, 0))
                .containsExactly("Name", "Sites", "Ready", "Updated", "Age");
        assertThat(
                        row(
                                ResourceType.DEPLOYMENT_GRIDS,
                                "{"
                                        + meta("g")
                                        + ",'status':{'states':{'s1':{'replicas':2,'readyReplicas':1,"
                                        + "'updatedReplicas':2},'s2':{'replicas':3,'readyReplicas':3,"
                                        + "'updatedReplicas':1}}}}"))
                .containsExactly("g", "2", "4/5", "3", "60m");
        assertThat(row(ResourceType.DEPLOYMENT_GRIDS, "{" + meta("g") + "}"))
                .containsExactly("g", "0", "0/0", "0", "60m");
    }

    @Test
    void theOtherKindsHaveTheirUsualRows() {
        assertThat(row(ResourceType.NAMESPACES, "{" + meta("n") + ",'status':{'phase':'Active'}}"))
                .containsExactly("n", "Active", "60m");
        assertThat(
                        row(
                                ResourceType.CONFIG_MAPS,
                                "{" + meta("c") + ",'data':{'a':''},'binaryData':{'b':''}}"))
                .containsExactly("c", "2", "60m");
        assertThat(row(ResourceType.SECRETS, "{" + meta("s") + ",'type':'Opaque','data':{'a':''}}"))
                .containsExactly("s", "Opaque", "1", "60m");
        assertThat(row(ResourceType.SERVICE_ACCOUNTS, "{" + meta("a") + "}"))
                .containsExactly("a", "0", "60m");
        assertThat(row(ResourceType.LEASES, "{" + meta("l") + ",'spec':{'holderIdentity':'h'}}"))
                .containsExactly("l", "h", "60m");
        assertThat(
                        row(
                                ResourceType.CERTIFICATE_SIGNING_REQUESTS,
                                "{"
                                        + meta("r")
                                        + ",'spec':{'signerName':'x/y','username':'u',"
                                        + "'expirationSeconds':3600},'status':{'certificate':'eA==',"
                                        + "'conditions':[{'type':'Approved'}]}}"))
                .containsExactly("r", "60m", "x/y", "u", "60m", "Approved,Issued");
        assertThat(row(ResourceType.CERTIFICATE_SIGNING_REQUESTS, "{" + meta("r") + "}"))
                .containsExactly("r", "60m", "<none>", "", "<none>", "Pending");
    }

    @Test
    void eventsSayWhenAndAboutWhat() {
        assertThat(headings(ResourceType.EVENTS, 0))
                .containsExactly("Last Seen", "Type", "Reason", "Object", "Message");
        assertThat(
                        row(
                                ResourceType.EVENTS,
                                "{"
                                        + meta("e")
                                        + ",'firstTimestamp':'2026-06-01T11:00:00Z','lastTimestamp':"
                                        + "'2026-06-01T11:59:30Z','count':4,'type':'Warning','reason':'BackOff','message':'"
                                        + " again ','involvedObject':{'kind':'Pod',"
                                        + "'name':'p','fieldPath':'spec.containers{c}'},'source':"
                                        + "{'component':'agent','host':'n'}}"))
                .containsExactly(
                        "30s",
                        "Warning",
                        "BackOff",
                        "pod/p",
                        "spec.containers{c}",
                        "agent, n",
                        "again",
                        "60m",
                        "4",
                        "e");
        assertThat(
                        row(
                                ResourceType.EVENTS,
                                "{" + meta("e") + ",'eventTime':'2026-06-01T11:59:59.000000Z'}"))
                .startsWith("1s");
    }

    @ParameterizedTest
    @CsvSource({
        "-2,<invalid>",
        "-1,0s",
        "0,0s",
        "119,119s",
        "120,2m",
        "130,2m10s",
        "599,9m59s",
        "600,10m",
        "10799,179m",
        "10800,3h",
        "11100,3h5m",
        "28800,8h",
        "172799,47h",
        "172800,2d",
        "176400,2d1h",
        "691200,8d",
        "63071999,729d",
        "63072000,2y",
        "63158400,2y1d",
        "252288000,8y"
    })
    void agesReadAsKubectlsUsersKnowThem(long seconds, String text) {
        Duration age = Duration.ofSeconds(seconds);
        assertThat(HumanDuration.of(seconds == -1 ? Duration.ofMillis(-900) : age)).isEqualTo(text);
    }

    @Test
    void anObjectWithoutATimeIsOfUnknownAge() {
        KubeObject bare = KubeObject.of(ResourceType.CONFIG_MAPS, "default", "x");
        List<Json> cells = Samples.kind(ResourceType.CONFIG_MAPS).cells(bare, NOW);
        assertThat(cells).last().isEqualTo(Json.of("<unknown>"));
    }
}
