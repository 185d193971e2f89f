// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DefaultsTest {

    private static KubeObject defaulted(ResourceType type, KubeObject object) {
        return Samples.kind(type).withDefaults(object);
    }

    @Test
    void aPodGetsWhatKubernetesGivesIt() {
        KubeObject pod =
                defaulted(
                        ResourceType.PODS,
                        Samples.podWithContainer(
                                "'ports':[{'containerPort':80}],"
                                        + "'livenessProbe':{'httpGet':{'port':80}},"
                                        + "'readinessProbe':{'grpc':{'port':81}},"
                                        + "'env':[{'name':'N','valueFrom':{'fieldRef':"
                                        + "{'fieldPath':'spec.nodeName'}}}]"));
        assertThat(pod.spec())
                .isEqualTo(
                        Samples.json(
                                "{'containers':[{'name':'c','image':'nginx:1',"
                                    + "'ports':[{'containerPort':80,'protocol':'TCP'}],"
                                    + "'livenessProbe':{'httpGet':{'port':80,'path':'/','scheme':"
                                    + "'HTTP'},'timeoutSeconds':1,'periodSeconds':10,"
                                    + "'successThreshold':1,'failureThreshold':3},"
                                    + "'readinessProbe':{'grpc':{'port':81,'service':''},"
                                    + "'timeoutSeconds':1,'periodSeconds':10,'successThreshold':1,"
                                    + "'failureThreshold':3},"
                                    + "'env':[{'name':'N','valueFrom':{'fieldRef':{'apiVersion':"
                                    + "'v1','fieldPath':'spec.nodeName'}}}],"
                                    + "'terminationMessagePath':'/dev/termination-log',"
                                    + "'terminationMessagePolicy':'File','imagePullPolicy':"
                                    + "'IfNotPresent'}],'restartPolicy':'Always',"
                                    + "'terminationGracePeriodSeconds':30,'dnsPolicy':"
                                    + "'ClusterFirst','securityContext':{},'schedulerName':"
                                    + "'default-scheduler','enableServiceLinks':true}"));
        assertThat(pod.status())
                .isEqualTo(Samples.json("{'phase':'Pending','qosClass':'BestEffort'}"));
    }

    @Test
    void defaultingTwiceIsDefaultingOnce() {
        for (KubeObject object :
                new KubeObject[] {
                    Samples.pod(
                            "'volumes':[{'name':'a'},{'name':'b','secret':{'secretName':'s'}}]"),
                    Samples.soundDeployment()
                }) {
            KindDefinition kind =
                    Samples.KINDS.byKind(object.apiVersion(), object.kind()).orElseThrow();
            KubeObject once = kind.withDefaults(object);
            assertThat(kind.withDefaults(once)).isEqualTo(once);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "nginx,Always",
        "nginx:latest,Always",
        "registry:5000/nginx,Always",
        "registry:5000/nginx:1,IfNotPresent",
        "nginx:1.27,IfNotPresent",
        "nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000,IfNotPresent"
    })
    void imagesArePulledByTheirTag(String image, String policy) {
        KubeObject pod =
                defaulted(
                        ResourceType.PODS,
                        Samples.object(
                                "{'metadata':{'name':'p'},'spec':{'containers':[{'name':'c',"
                                        + "'image':'"
                                        + image
                                        + "'}]}}"));
        assertThat(pod.spec().array("containers").objects().get(0).text("imagePullPolicy"))
                .isEqualTo(policy);
    }

    @Test
    void volumesGetTheirModesAndAnEmptyOneIsAnEmptyDir() {
        KubeObject pod =
                defaulted(
                        ResourceType.PODS,
                        Samples.pod(
                                "'volumes':[{'name':'e'},{'name':'s','secret':{'secretName':'x'}},"
                                        + "{'name':'c','configMap':{'name':'x'}},"
                                        + "{'name':'h','hostPath':{'path':'/x'}}]"));
        assertThat(pod.spec().array("volumes"))
                .isEqualTo(
                        Samples.any(
                                "[{'name':'e','emptyDir':{}},"
                                    + "{'name':'s','secret':{'secretName':'x','defaultMode':420}},"
                                    + "{'name':'c','configMap':{'name':'x','defaultMode':420}},"
                                    + "{'name':'h','hostPath':{'path':'/x','type':''}}]"));
    }

    @Test
    void requestsFollowLimitsInPodsButNotInTemplates() {
        String resources =
                "'resources':{'limits':{'cpu':'1','memory':'1Gi'},'requests':{'cpu':'500m'}}";
        KubeObject pod = defaulted(ResourceType.PODS, Samples.podWithContainer(resources));
        JsonObject container = pod.spec().array("containers").objects().get(0);
        assertThat(container.object("resources", "requests"))
                .isEqualTo(Samples.json("{'cpu':'500m','memory':'1Gi'}"));
        assertThat(pod.status().text("qosClass")).isEqualTo("Burstable");
        KubeObject deployment =
                defaulted(
                        ResourceType.DEPLOYMENTS,
                        Samples.deployment(
                                "'template':{'spec':{'containers':[{'name':'c',"
                                        + resources
                                        + "}]}}"));
        assertThat(
                        deployment
                                .spec()
                                .object("template", "spec")
                                .array("containers")
                                .objects()
                                .get(0)
                                .object("resources", "requests"))
                .isEqualTo(Samples.json("{'cpu':'500m'}"));
    }

    @Test
    void limitsAloneMakeAPodGuaranteed() {
        KubeObject pod =
                defaulted(
                        ResourceType.PODS,
                        Samples.podWithContainer(
                                "'resources':{'limits':{'cpu':'1','memory':'1Gi'}}"));
        assertThat(pod.status().text("qosClass")).isEqualTo("Guaranteed");
    }

    @Test
    void hostNetworkTakesTheHostsPorts() {
        KubeObject pod =
                defaulted(
                        ResourceType.PODS,
                        Samples.object(
                                "{'spec':{'hostNetwork':true,'containers':[{'name':'c','image':'x',"
                                        + "'ports':[{'containerPort':80}]}]}}"));
        assertThat(pod.spec().array("containers").objects().get(0).array("ports"))
                .isEqualTo(Samples.any("[{'containerPort':80,'protocol':'TCP','hostPort':80}]"));
    }

    @Test
    void aDeploymentRollsByAQuarter() {
        JsonObject spec = defaulted(ResourceType.DEPLOYMENTS, Samples.soundDeployment()).spec();
        assertThat(spec.without("template").without("selector"))
                .isEqualTo(
                        Samples.json(
                                "{'replicas':1,'strategy':{'type':'RollingUpdate','rollingUpdate':"
                                    + "{'maxUnavailable':'25%','maxSurge':'25%'}},"
                                    + "'revisionHistoryLimit':10,'progressDeadlineSeconds':600}"));
        assertThat(spec.object("template", "spec").text("dnsPolicy")).isEqualTo("ClusterFirst");
        assertThat(spec.object("template", "spec").has("enableServiceLinks")).isFalse();
    }

    @Test
    void secretsKeepPlainTextAsBase64() {
        KubeObject secret =
                defaulted(
                        ResourceType.SECRETS,
                        Samples.object(
                                "{'metadata':{'name':'s'},'data':{'a':'eA==','b':'eQ=='},"
                                        + "'stringData':{'a':'hi'}}"));
        assertThat(secret.json())
                .isEqualTo(
                        Samples.json(
                                "{'metadata':{'name':'s'},'data':{'a':'aGk=','b':'eQ=='},"
                                        + "'type':'Opaque'}"));
    }

    @Test
    void aNamespaceIsHeldByItsFinalizerUntilItEnds() {
        KubeObject fresh =
                defaulted(ResourceType.NAMESPACES, Samples.object("{'metadata':{'name':'n'}}"));
        assertThat(fresh.json())
                .isEqualTo(
                        Samples.json(
                                "{'metadata':{'name':'n','labels':{'kubernetes.io/metadata.name':"
                                        + "'n'}},'spec':{'finalizers':['kubernetes']},'status':"
                                        + "{'phase':'Active'}}"));
        KubeObject ending =
                defaulted(
                        ResourceType.NAMESPACES,
                        Samples.object(
                                "{'metadata':{'name':'n','deletionTimestamp':"
                                        + "'2026-01-01T00:00:00Z'},'spec':{},'status':{'phase':"
                                        + "'Terminating'}}"));
        assertThat(ending.spec()).isEqualTo(JsonObject.EMPTY);
        assertThat(ending.status().text("phase")).isEqualTo("Terminating");
    }

    @Test
    void aNodesAllocatableIsItsCapacityUnlessSaidOtherwise() {
        KubeObject node =
                defaulted(
                        ResourceType.NODES,
                        Samples.object(
                                "{'spec':{'podCIDR':'10.1.0.0/24'},'status':{'capacity':"
                                        + "{'cpu':'2'}}}"));
        assertThat(node.status().object("allocatable")).isEqualTo(Samples.json("{'cpu':'2'}"));
        assertThat(node.spec().array("podCIDRs").strings()).containsExactly("10.1.0.0/24");
    }

    @Test
    void aGridStaysAsTheUserWroteIt() {
        KubeObject grid =
                Samples.grid(
                        "'gridUniqKey':'site','template':{'template':" + Samples.TEMPLATE + "}");
        assertThat(defaulted(ResourceType.DEPLOYMENT_GRIDS, grid)).isEqualTo(grid);
    }
}
