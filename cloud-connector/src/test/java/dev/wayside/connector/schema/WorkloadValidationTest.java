// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pods and what has pods in it. */
class WorkloadValidationTest {

    private static List<String> pod(String specMembers) {
        return Samples.wrongWith(ResourceType.PODS, Samples.pod(specMembers));
    }

    private static List<String> deployment(String specMembers) {
        return Samples.wrongWith(ResourceType.DEPLOYMENTS, Samples.deployment(specMembers));
    }

    @Test
    void soundObjectsHaveNothingWrong() {
        assertThat(pod("")).isEmpty();
        assertThat(Samples.wrongWith(ResourceType.DEPLOYMENTS, Samples.soundDeployment()))
                .isEmpty();
        assertThat(Samples.wrongWith(ResourceType.REPLICA_SETS, Samples.soundDeployment()))
                .isEmpty();
    }

    @Test
    void aPodNeedsContainersWithNamesAndImages() {
        assertThat(
                        Samples.wrongWith(
                                ResourceType.PODS,
                                Samples.object("{'metadata':{'name':'p'},'spec':{}}")))
                .containsExactly("spec.containers: Required value");
        assertThat(
                        Samples.wrongWith(
                                ResourceType.PODS,
                                Samples.object(
                                        "{'metadata':{'name':'p'},'spec':{'containers':"
                                                + "[{'name':'a','image':'x'},{'name':'a'},{}]}}")))
                .containsExactly(
                        "spec.containers[1].name: Duplicate value: \"a\"",
                        "spec.containers[1].image: Required value",
                        "spec.containers[2].name: Required value",
                        "spec.containers[2].image: Required value");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'ports':[{'containerPort':70000}]"
                        + "|spec.containers[0].ports[0].containerPort: Invalid value: 70000: must"
                        + " be between 1 and 65535, inclusive",
                "'ports':[{}]|spec.containers[0].ports[0].containerPort: Required value",
                "'ports':[{'containerPort':1,'protocol':'X'}]"
                        + "|spec.containers[0].ports[0].protocol: Unsupported value: \"X\":"
                        + " supported values: \"SCTP\", \"TCP\", \"UDP\"",
                "'ports':[{'containerPort':1,'hostPort':8},{'containerPort':2,'hostPort':8}]"
                        + "|spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//8\"",
                "'env':[{'name':''}]|spec.containers[0].env[0].name: Required value",
                "'env':[{'name':'a=b'}]"
                        + "|spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid"
                        + " environment variable name must consist only of printable ASCII"
                        + " characters other than '='",
                "'env':[{'name':'a','valueFrom':{}}]"
                        + "|spec.containers[0].env[0].valueFrom: Invalid value: \"\": must specify"
                        + " one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or"
                        + " `secretKeyRef`",
                "'env':[{'name':'a','value':'x','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}]|spec.containers[0].env[0].valueFrom:"
                    + " Invalid value: \"\": may not be specified when `value` is not empty",
                "'env':[{'name':'a','valueFrom':{'configMapKeyRef':{'name':'m'}}}]|spec.containers[0].env[0].valueFrom.configMapKeyRef.key:"
                    + " Required value",
                "'volumeMounts':[{'name':'x','mountPath':'/x'}]"
                        + "|spec.containers[0].volumeMounts[0].name: Not found: \"x\"",
                "'resources':{'requests':{'cpu':'2'},'limits':{'cpu':'1'}}"
                        + "|spec.containers[0].resources.requests: Invalid value: \"2\": must be"
                        + " less than or equal to cpu limit of 1",
                "'resources':{'limits':{'cpu':'-1'},'requests':{'cpu':'-1'}}"
                        + "|spec.containers[0].resources.limits[cpu]: Invalid value: \"-1\": must"
                        + " be greater than or equal to 0",
                "'resources':{'limits':{'water':'1'}}"
                        + "|spec.containers[0].resources.limits[water]: Invalid value: \"water\":"
                        + " must be a standard resource for containers",
                "'imagePullPolicy':'Sometimes'"
                        + "|spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\":"
                        + " supported values: \"Always\", \"IfNotPresent\", \"Never\"",
                "'readinessProbe':{'exec':{'command':['a']},'terminationGracePeriodSeconds':5}"
                        + "|spec.containers[0].readinessProbe.terminationGracePeriodSeconds:"
                        + " Invalid value: 5: must not be set for readinessProbes",
                "'livenessProbe':{'httpGet':{'port':80,'path':'/','scheme':'HTTP',"
                        + "'httpHeaders':[{'name':'X Y','value':''}]}}"
                        + "|spec.containers[0].livenessProbe.httpGet.httpHeaders[0].name: Invalid"
                        + " value: \"X Y\": a valid HTTP header must consist of alphanumeric"
                        + " characters or '-' (e.g. 'X-Header-Name', regex used for validation is"
                        + " '[-A-Za-z0-9]+')",
                "'livenessProbe':{}"
                        + "|spec.containers[0].livenessProbe: Required value: must specify a"
                        + " handler type",
                "'livenessProbe':{'exec':{'command':['a']},'successThreshold':2}"
                        + "|spec.containers[0].livenessProbe.successThreshold: Invalid value: 2:"
                        + " must be 1",
                "'restartPolicy':'Always'"
                        + "|spec.containers[0].restartPolicy: Forbidden: may not be set for"
                        + " non-init containers"
            })
    void containersAreChecked(String members, String message) {
        assertThat(Samples.wrongWith(ResourceType.PODS, Samples.podWithContainer(members)))
                .contains(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'restartPolicy':'Maybe'"
                        + "|spec.restartPolicy: Unsupported value: \"Maybe\": supported values:"
                        + " \"Always\", \"OnFailure\", \"Never\"",
                "'volumes':[{'name':'a'},{'name':'a'}]"
                        + "|spec.volumes[1].name: Duplicate value: \"a\"",
                "'volumes':[{'name':'a','emptyDir':{},'hostPath':{'path':'/x'}}]"
                        + "|spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume"
                        + " type",
                "'volumes':[{'name':'a','hostPath':{}}]"
                        + "|spec.volumes[0].hostPath.path: Required value",
                "'volumes':[{'name':'a','hostPath':{'path':'/a/../b'}}]"
                        + "|spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not"
                        + " contain '..'",
                "'volumes':[{'name':'a','configMap':{'name':'m','items':[{'key':'k','path':'../x'}]}}]|spec.volumes[0].configMap.items[0].path:"
                    + " Invalid value: \"../x\": must not contain '..'",
                "'volumes':[{'name':'a','secret':{}}]"
                        + "|spec.volumes[0].secret.secretName: Required value",
                "'volumes':[{'name':'a','secret':{'secretName':'s','defaultMode':1000}}]"
                        + "|spec.volumes[0].secret.defaultMode: Invalid value: 1000: must be a"
                        + " number between 0 and 0777 (octal), both inclusive",
                "'tolerations':[{'operator':'Equal'}]"
                        + "|spec.tolerations[0].operator: Invalid value: \"Equal\": operator must"
                        + " be Exists when `key` is empty, which means \"match all values and all"
                        + " keys\"",
                "'terminationGracePeriodSeconds':-1"
                        + "|spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater"
                        + " than or equal to 0",
                "'hostAliases':[{'ip':'example.com'}]"
                        + "|spec.hostAliases[0].ip: Invalid value: \"example.com\": must be a valid"
                        + " IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                "'initContainers':[{'name':'c','image':'x'}]"
                        + "|spec.initContainers[0].name: Duplicate value: \"c\"",
                "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{}}}"
                    + "|spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms:"
                    + " Required value: must have at least one node selector term"
            })
    void podSpecsAreChecked(String members, String message) {
        assertThat(pod(members)).contains(message);
    }

    @Test
    void onlyImagesTolerationsAndDeadlinesOfAPodMayChange() {
        KubeObject before = Samples.pod("'nodeSelector':{'a':'b'}");
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PODS,
                                before,
                                Samples.object(
                                        before.json().toJson().replace("nginx:1", "nginx:2")),
                                ""))
                .isEmpty();
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PODS,
                                before,
                                Samples.pod(
                                        "'nodeSelector':{'a':'b'},'activeDeadlineSeconds':5,"
                                                + "'tolerations':[{'key':'k'}]"),
                                ""))
                .isEmpty();
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PODS,
                                before,
                                Samples.pod("'nodeSelector':{'a':'c'}"),
                                ""))
                .singleElement()
                .asString()
                .startsWith(
                        "spec: Forbidden: pod updates may not change fields other than"
                            + " `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations`"
                            + " (only additions to existing"
                            + " tolerations),`spec.terminationGracePeriodSeconds` (allow it to be"
                            + " set to 1 if it was previously negative)")
                .endsWith("(changed: spec.nodeSelector)");
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PODS,
                                before,
                                Samples.pod(
                                        "'nodeSelector':{'a':'b'},'initContainers':"
                                                + "[{'name':'i','image':'x'}]"),
                                ""))
                .containsExactly(
                        "spec.initContainers: Forbidden: pod updates may not add or remove"
                                + " containers");
    }

    @Test
    void tolerationsOfAPodMayLastLongerButNotGo() {
        String toleration = "'tolerations':[{'key':'k','effect':'NoExecute','tolerationSeconds':";
        KubeObject before = Samples.pod(toleration + "1}]");
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PODS, before, Samples.pod(toleration + "2}]"), ""))
                .isEmpty();
        assertThat(Samples.wrongWithChange(ResourceType.PODS, before, Samples.pod(""), ""))
                .containsExactly(
                        "spec.tolerations: Forbidden: existing toleration can not be modified"
                                + " except its tolerationSeconds");
    }

    @Test
    void onlyBindingChoosesTheNode() {
        KubeObject before = Samples.pod("");
        KubeObject bound = Samples.pod("'nodeName':'n'");
        assertThat(Samples.wrongWithChange(ResourceType.PODS, before, bound, "binding")).isEmpty();
        assertThat(Samples.wrongWithChange(ResourceType.PODS, before, bound, "")).hasSize(1);
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.PODS, bound, Samples.pod("'nodeName':'m'"), "binding"))
                .hasSize(1);
    }

    @Test
    void aDeploymentNeedsASelectorThatSelectsItsPods() {
        assertThat(deployment("'template':" + Samples.TEMPLATE))
                .containsExactly("spec.selector: Required value");
        assertThat(deployment("'selector':{},'template':" + Samples.TEMPLATE))
                .containsExactly(
                        "spec.selector: Invalid value: {}: empty selector is invalid for"
                                + " deployment");
        assertThat(
                        deployment(
                                "'selector':{'matchLabels':{'app':'other'}},'template':"
                                        + Samples.TEMPLATE))
                .containsExactly(
                        "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}:"
                                + " `selector` does not match template `labels`");
        assertThat(
                        deployment(
                                "'selector':{'matchExpressions':[{'key':'app','operator':'In'}]},"
                                        + "'template':"
                                        + Samples.TEMPLATE))
                .containsExactly(
                        "spec.selector.matchExpressions[0].values: Required value: must be"
                                + " specified when `operator` is 'In' or 'NotIn'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'replicas':-1"
                        + "|spec.replicas: Invalid value: -1: must be greater than or equal to 0",
                "'strategy':{'type':'Jump'}"
                        + "|spec.strategy.type: Unsupported value: \"Jump\": supported values:"
                        + " \"Recreate\", \"RollingUpdate\"",
                "'strategy':{'type':'Recreate','rollingUpdate':{}}"
                        + "|spec.strategy.rollingUpdate: Forbidden: may not be specified when"
                        + " strategy `type` is 'Recreate'",
                "'strategy':{'rollingUpdate':{'maxSurge':0,'maxUnavailable':0}}"
                        + "|spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not"
                        + " be 0 when `maxSurge` is 0",
                "'strategy':{'rollingUpdate':{'maxSurge':'much'}}"
                        + "|spec.strategy.rollingUpdate.maxSurge: Invalid value: \"much\": a valid"
                        + " percent string must be a numeric string followed by an ending '%' (e.g."
                        + " '1%',  or '93%', regex used for validation is '[0-9]+%')",
                "'strategy':{'rollingUpdate':{'maxUnavailable':'101%'}}"
                        + "|spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\":"
                        + " must not be greater than 100%",
                "'minReadySeconds':600"
                        + "|spec.progressDeadlineSeconds: Invalid value: 600: must be greater than"
                        + " minReadySeconds"
            })
    void deploymentSpecsAreChecked(String members, String message) {
        assertThat(
                        deployment(
                                "'selector':{'matchLabels':{'app':'web'}},'template':"
                                        + Samples.TEMPLATE
                                        + ","
                                        + members))
                .contains(message);
    }

    @Test
    void podsOfADeploymentLiveOn() {
        assertThat(
                        deployment(
                                "'selector':{'matchLabels':{'app':'web'}},'template':{'metadata':"
                                        + "{'labels':{'app':'web'}},'spec':{'restartPolicy':"
                                        + "'Never','containers':[{'name':'c','image':'x'}]}}"))
                .containsExactly(
                        "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported"
                                + " values: \"Always\"");
    }

    @Test
    void selectorsOfDeploymentsAndReplicaSetsStay() {
        KubeObject other =
                Samples.deployment(
                        "'selector':{'matchLabels':{'app':'b'}},'template':"
                                + Samples.TEMPLATE.replace("web", "b"));
        for (ResourceType type : List.of(ResourceType.DEPLOYMENTS, ResourceType.REPLICA_SETS)) {
            assertThat(Samples.wrongWithChange(type, Samples.soundDeployment(), other, ""))
                    .containsExactly(
                            "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field"
                                    + " is immutable");
        }
    }

    private static final String GRID_TEMPLATE =
            "{'selector':{'matchLabels':{'app':'web'}},'template':" + Samples.TEMPLATE + "}";

    private static List<String> grid(String specMembers) {
        return Samples.wrongWith(ResourceType.DEPLOYMENT_GRIDS, Samples.grid(specMembers));
    }

    @Test
    void aGridWithoutReplicasIsSound() {
        assertThat(grid("'gridUniqKey':'site','template':" + GRID_TEMPLATE)).isEmpty();
    }

    @Test
    void aGridNeedsALabelThatTellsSitesApart() {
        assertThat(grid("'template':" + GRID_TEMPLATE))
                .containsExactly(
                        "spec.gridUniqKey: Required value: the label of the nodes whose values"
                                + " tell sites apart");
        assertThat(grid("'gridUniqKey':'a b','template':" + GRID_TEMPLATE))
                .singleElement()
                .asString()
                .startsWith("spec.gridUniqKey: Invalid value: \"a b\": name part must consist of");
    }

    @Test
    void aGridsTemplatesAreCheckedAsDeployments() {
        assertThat(
                        grid(
                                "'gridUniqKey':'site','template':{'selector':{'matchLabels':"
                                        + "{'app':'x'}},'template':"
                                        + Samples.TEMPLATE
                                        + "},'templatePool':{'v2':{'template':"
                                        + Samples.TEMPLATE
                                        + "}}"))
                .containsExactly(
                        "spec.template.template.metadata.labels: Invalid value: {\"app\":\"web\"}:"
                                + " `selector` does not match template `labels`",
                        "spec.templatePool[v2].selector: Required value");
        assertThat(grid("'gridUniqKey':'site'"))
                .containsExactly(
                        "spec.template.selector: Required value",
                        "spec.template.template.spec.containers: Required value");
    }

    @Test
    void aGridNamesOnlyTemplatesThatItHas() {
        assertThat(
                        grid(
                                "'gridUniqKey':'site','template':"
                                        + GRID_TEMPLATE
                                        + ",'templatePool':{'v2':"
                                        + GRID_TEMPLATE
                                        + "},'defaultTemplateName':'v3','templates':{'s1':'v2',"
                                        + "'s2':'default','s3':'v4'}"))
                .containsExactly(
                        "spec.defaultTemplateName: Not found: \"v3\"",
                        "spec.templates[s3]: Not found: \"v4\"");
    }

    @Test
    void aGridWithAPoolAndADefaultNeedsNoTemplate() {
        assertThat(
                        grid(
                                "'gridUniqKey':'site','defaultTemplateName':'v2','templatePool':"
                                        + "{'v2':"
                                        + GRID_TEMPLATE
                                        + "}"))
                .isEmpty();
    }

    @Test
    void aGridsNameFitsIntoALabel() {
        KubeObject grid =
                Samples.grid("'gridUniqKey':'site','template':" + GRID_TEMPLATE)
                        .withMetadata(Samples.json("{'name':'" + "x".repeat(64) + "'}"));
        assertThat(Samples.wrongWith(ResourceType.DEPLOYMENT_GRIDS, grid))
                .singleElement()
                .asString()
                .endsWith("must be no more than 63 bytes");
    }
}
