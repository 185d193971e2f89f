// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecodingTest {
    private final KindDefinition deployments = Samples.kind(ResourceType.DEPLOYMENTS);
    private final KindDefinition pods = Samples.kind(ResourceType.PODS);

    @Test
    void namesUnknownFieldsWithTheirPath() {
        assertThat(
                        deployments.unknownFields(
                                Samples.json(
                                        "{'kind':'Deployment','apiVersion':'apps/v1','foo':1,"
                                            + "'spec':{'replica':1,'template':{'spec':{"
                                            + "'containers':[{'name':'a'},{'imagee':'b'}]}}}}")))
                .containsExactly(
                        "unknown field \"foo\"",
                        "unknown field \"spec.replica\"",
                        "unknown field \"spec.template.spec.containers[1].imagee\"");
    }

    @Test
    void knowsFieldsOfInlinedStructsAndFreeKeysOfMaps() {
        assertThat(
                        pods.unknownFields(
                                Samples.json(
                                        "{'metadata':{'labels':{'any.thing/x':'y'},"
                                                + "'managedFields':[{'fieldsV1':{'f:a':{}}}]},"
                                                + "'spec':{'volumes':[{'name':'v','hostPath':"
                                                + "{'path':'/x'}}],'containers':[{'livenessProbe':"
                                                + "{'httpGet':{'port':80},'periodSeconds':1}}]}}")))
                .isEmpty();
    }

    @Test
    void findsUnknownFieldsInEveryTemplateOfAGrid() {
        KindDefinition grids = Samples.kind(ResourceType.DEPLOYMENT_GRIDS);
        assertThat(
                        grids.unknownFields(
                                Samples.json(
                                        "{'spec':{'gridUniqKeys':'x','templatePool':{'a':"
                                                + "{'replica':1}},'template':{'bad':1}}}")))
                .containsExactly(
                        "unknown field \"spec.gridUniqKeys\"",
                        "unknown field \"spec.templatePool.a.replica\"",
                        "unknown field \"spec.template.bad\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'spec':{'replicas':'3'}}"
                        + "|json: cannot unmarshal string into Go struct field"
                        + " DeploymentSpec.spec.replicas of type int32",
                "{'spec':{'replicas':1.5}}"
                        + "|json: cannot unmarshal number 1.5 into Go struct field"
                        + " DeploymentSpec.spec.replicas of type int32",
                "{'spec':{'replicas':1.0}}"
                        + "|json: cannot unmarshal number 1.0 into Go struct field"
                        + " DeploymentSpec.spec.replicas of type int32",
                "{'spec':{'replicas':3000000000}}"
                        + "|json: cannot unmarshal number 3000000000 into Go struct field"
                        + " DeploymentSpec.spec.replicas of type int32",
                "{'spec':'x'}"
                        + "|json: cannot unmarshal string into Go struct field Deployment.spec of"
                        + " type v1.DeploymentSpec",
                "{'metadata':{'labels':{'a':1}}}"
                        + "|json: cannot unmarshal number into Go struct field"
                        + " ObjectMeta.metadata.labels of type string",
                "{'spec':{'template':{'spec':{'containers':{}}}}}"
                        + "|json: cannot unmarshal object into Go struct field"
                        + " PodSpec.spec.template.spec.containers of type []v1.Container",
                "{'spec':{'template':{'spec':{'containers':[{'command':['a',true]}]}}}}"
                        + "|json: cannot unmarshal bool into Go struct field"
                        + " Container.spec.template.spec.containers.command of type string",
                "{'spec':{'template':{'spec':{'restartPolicy':5}}}}"
                        + "|json: cannot unmarshal number into Go struct field"
                        + " PodSpec.spec.template.spec.restartPolicy of type v1.RestartPolicy",
                "{'spec':{'strategy':{'rollingUpdate':{'maxSurge':true}}}}"
                        + "|json: cannot unmarshal bool into Go value of type int32",
                "{'metadata':{'creationTimestamp':'yesterday'}}"
                        + "|parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot"
                        + " parse \"yesterday\"",
                "{'spec':{'template':{'spec':{'containers':[{'resources':{'limits':"
                        + "{'cpu':'much'}}}]}}}}"
                        + "|quantities must match the regular expression"
                        + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            })
    void saysWrongTypesAsGoDoes(String json, String message) {
        JsonObject object = Samples.json(json);
        assertThat(deployments.wrongType(object)).hasValue(message);
    }

    @Test
    void takesNullsIntOrStringsQuantitiesAndTimes() {
        assertThat(
                        deployments.wrongType(
                                Samples.json(
                                        "{'metadata':{'creationTimestamp':null},'status':null,"
                                                + "'spec':{'strategy':{'rollingUpdate':{'maxSurge':"
                                                + "'25%','maxUnavailable':1}},'template':{'spec':"
                                                + "{'containers':[{'resources':{'limits':{'cpu':"
                                                + "0.5,'memory':'1Gi'}}}]}}}}")))
                .isEmpty();
        assertThat(pods.wrongType(Samples.json("{'status':{'startTime':'2026-01-02T03:04:05Z'}}")))
                .isEmpty();
    }

    @Test
    void wantsBase64InSecrets() {
        KindDefinition secrets = Samples.kind(ResourceType.SECRETS);
        assertThat(secrets.wrongType(Samples.json("{'data':{'a':'aGk='}}"))).isEmpty();
        assertThat(secrets.wrongType(Samples.json("{'data':{'a':'no!'}}")))
                .hasValue("illegal base64 data at input byte 2");
        assertThat(secrets.wrongType(Samples.json("{'data':{'a':1}}")))
                .hasValue(
                        "json: cannot unmarshal number into Go struct field Secret.data of type"
                                + " []uint8");
    }

    @Test
    void prunesUnknownFieldsNullsAndWhatGoLeavesOut() {
        assertThat(
                        pods.pruned(
                                Samples.json(
                                        "{'apiVersion':'v1','kind':'Pod','x':1,'metadata':{'name':"
                                                + "'p','creationTimestamp':null,'labels':{}},"
                                                + "'spec':{'hostNetwork':false,'nodeName':'',"
                                                + "'terminationGracePeriodSeconds':0,'tolerations':"
                                                + "[],'volumes':[{'name':'v','emptyDir':{}}],"
                                                + "'containers':[]}}")))
                .isEqualTo(
                        Samples.json(
                                "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},"
                                        + "'spec':{'terminationGracePeriodSeconds':0,'volumes':"
                                        + "[{'name':'v','emptyDir':{}}],'containers':[]}}"));
    }

    @Test
    void leavesTheSpellingOfGridsAlone() {
        KindDefinition grids = Samples.kind(ResourceType.DEPLOYMENT_GRIDS);
        JsonObject grid =
                Samples.json(
                        "{'spec':{'gridUniqKey':'site','template':{'paused':false,'template':"
                            + "{'spec':{'containers':[{'resources':{'limits':{'cpu':'0.5'}}}]}}}}}");
        assertThat(grids.pruned(grid.with("x", 1))).isEqualTo(grid);
    }

    @ParameterizedTest
    @CsvSource({
        "0.5,500m",
        "1.0,1",
        "1000m,1",
        "1500m,1500m",
        "1000,1k",
        "1024Mi,1Gi",
        "1.5Gi,1536Mi",
        "0.5Gi,512Mi",
        "100M,100M",
        "1e3,1e3",
        "12e4,120e3",
        "0,0",
        "0.1n,1n",
        "-1,-1",
        "2Ei,2Ei"
    })
    void keepsQuantitiesInTheirCanonicalText(String text, String canonical) {
        assertThat(CanonicalQuantity.of(text)).hasValue(canonical);
    }
}
