// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrategicMergeTest {
    private final KindDefinition deployments = Samples.kind(ResourceType.DEPLOYMENTS);
    private final KindDefinition pods = Samples.kind(ResourceType.PODS);

    /** Applies a patch to a pod's spec. */
    private JsonObject spec(String current, String patch) {
        return pods.strategicMerge(
                        JsonObject.of("spec", Samples.json(current)),
                        JsonObject.of("spec", Samples.json(patch)))
                .object("spec");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "maps merge and null deletes"
                        + "|{'nodeSelector':{'a':'1','b':'2'}}"
                        + "|{'nodeSelector':{'b':null,'c':'3'}}"
                        + "|{'nodeSelector':{'a':'1','c':'3'}}",
                "null deletes a list"
                        + "|{'volumes':[{'name':'v'}],'nodeName':'n'}"
                        + "|{'volumes':null}"
                        + "|{'nodeName':'n'}",
                "containers merge by name"
                        + "|{'containers':[{'name':'a','image':'x:1'},{'name':'b','image':'y'}]}"
                        + "|{'containers':[{'name':'a','image':'x:2'}]}"
                        + "|{'containers':[{'name':'a','image':'x:2'},{'name':'b','image':'y'}]}",
                "a new item without stated order comes before those of the server"
                        + "|{'containers':[{'name':'a'},{'name':'b'}]}"
                        + "|{'containers':[{'name':'c'}]}"
                        + "|{'containers':[{'name':'c'},{'name':'a'},{'name':'b'}]}",
                "tolerations have no merge key and are replaced"
                        + "|{'tolerations':[{'key':'a'},{'key':'b'}]}"
                        + "|{'tolerations':[{'key':'c'}]}"
                        + "|{'tolerations':[{'key':'c'}]}",
                "arguments are replaced"
                        + "|{'containers':[{'name':'a','args':['x','y']}]}"
                        + "|{'containers':[{'name':'a','args':['z']}]}"
                        + "|{'containers':[{'name':'a','args':['z']}]}",
                "ports merge by containerPort"
                    + "|{'containers':[{'name':'a','ports':[{'containerPort':80,'name':'w'}]}]}"
                    + "|{'containers':[{'name':'a','ports':[{'containerPort':80,'protocol':'TCP'}]}]}"
                    + "|{'containers':[{'name':'a','ports':[{'containerPort':80,'name':'w','protocol':'TCP'}]}]}",
                "an item is deleted by its key"
                        + "|{'containers':[{'name':'a'},{'name':'b'}]}"
                        + "|{'containers':[{'name':'a','$patch':'delete'}]}"
                        + "|{'containers':[{'name':'b'}]}",
                "deleting an item that is not there is nothing"
                        + "|{'containers':[{'name':'a'}]}"
                        + "|{'containers':[{'name':'z','$patch':'delete'}]}"
                        + "|{'containers':[{'name':'a'}]}",
                "a list is replaced on demand"
                        + "|{'containers':[{'name':'a','image':'x'},{'name':'b'}]}"
                        + "|{'containers':[{'name':'a'},{'$patch':'replace'}]}"
                        + "|{'containers':[{'name':'a'}]}",
                "a map is replaced on demand"
                        + "|{'nodeSelector':{'a':'1','b':'2'}}"
                        + "|{'nodeSelector':{'$patch':'replace','c':'3'}}"
                        + "|{'nodeSelector':{'c':'3'}}",
                "a map is emptied on demand"
                        + "|{'securityContext':{'runAsUser':1}}"
                        + "|{'securityContext':{'$patch':'delete'}}"
                        + "|{'securityContext':{}}",
                "merge is what happens anyway"
                        + "|{'nodeSelector':{'a':'1'}}"
                        + "|{'nodeSelector':{'$patch':'merge','b':'2'}}"
                        + "|{'nodeSelector':{'a':'1','b':'2'}}",
                "retained keys of a volume: a new source drives out the old"
                    + "|{'volumes':[{'name':'v','emptyDir':{}}]}"
                    + "|{'volumes':[{'$retainKeys':['name','hostPath'],'name':'v','hostPath':{'path':'/x'}}]}"
                    + "|{'volumes':[{'name':'v','hostPath':{'path':'/x'}}]}",
                "directives leave no trace where nothing was|{}"
                    + "|{'volumes':[{'$retainKeys':['name','emptyDir'],'name':'v','emptyDir':{}}],"
                    + "'nodeSelector':{'a':null,'b':'1'},'$setElementOrder/containers':[{'name':'a'}],"
                    + "'containers':[{'name':'a','env':[{'name':'e','$patch':'delete'}]}]}"
                    + "|{'volumes':[{'name':'v','emptyDir':{}}],'nodeSelector':{'b':'1'},"
                    + "'containers':[{'name':'a','env':[]}]}",
                "the order is as stated|{'containers':[{'name':'a'},{'name':'b'},{'name':'c'}]}"
                    + "|{'$setElementOrder/containers':[{'name':'c'},{'name':'a'},{'name':'b'}]}"
                    + "|{'containers':[{'name':'c'},{'name':'a'},{'name':'b'}]}",
                "items of the server keep their place among the ordered"
                    + "|{'containers':[{'name':'a'},{'name':'side'},{'name':'b'}]}"
                    + "|{'$setElementOrder/containers':[{'name':'a'},{'name':'b'},{'name':'c'}],"
                    + "'containers':[{'name':'c'}]}"
                    + "|{'containers':[{'name':'a'},{'name':'side'},{'name':'b'},{'name':'c'}]}",
                "an ordered item can be deleted|{'containers':[{'name':'a'},{'name':'b'}]}"
                    + "|{'$setElementOrder/containers':[{'name':'b'}],'containers':[{'$patch':'delete','name':'a'}]}"
                    + "|{'containers':[{'name':'b'}]}"
            })
    void mergesPodSpecs(String what, String current, String patch, String expected) {
        JsonObject result = spec(current, patch);
        assertThat(result).as(what).isEqualTo(Samples.json(expected));
    }

    private JsonObject metadata(String current, String patch) {
        return pods.strategicMerge(
                        JsonObject.of("metadata", Samples.json(current)),
                        JsonObject.of("metadata", Samples.json(patch)))
                .object("metadata");
    }

    @Test
    void scalarsOfAMergingListAreASet() {
        assertThat(metadata("{'finalizers':['a','b']}", "{'finalizers':['b','c']}"))
                .isEqualTo(Samples.json("{'finalizers':['a','b','c']}"));
    }

    @Test
    void scalarsAreTakenOutOnDemandAndTheRestIsOrdered() {
        assertThat(
                        metadata(
                                "{'finalizers':['a','b','c']}",
                                "{'$deleteFromPrimitiveList/finalizers':['b']}"))
                .isEqualTo(Samples.json("{'finalizers':['a','c']}"));
        assertThat(
                        metadata(
                                "{'finalizers':['a','b']}",
                                "{'$setElementOrder/finalizers':['c','a'],"
                                        + "'$deleteFromPrimitiveList/finalizers':['b'],"
                                        + "'finalizers':['c']}"))
                .isEqualTo(Samples.json("{'finalizers':['c','a']}"));
    }

    @Test
    void changingTheStrategyDropsTheSettingsOfTheOldOne() {
        JsonObject current =
                Samples.json(
                        "{'spec':{'strategy':{'type':'RollingUpdate','rollingUpdate':"
                                + "{'maxSurge':1}}}}");
        JsonObject patch =
                Samples.json("{'spec':{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}}");
        assertThat(deployments.strategicMerge(current, patch))
                .isEqualTo(Samples.json("{'spec':{'strategy':{'type':'Recreate'}}}"));
    }

    @Test
    void conditionsMergeByType() {
        JsonObject current =
                Samples.json(
                        "{'status':{'conditions':[{'type':'Ready','status':'False'},"
                                + "{'type':'Other','status':'True'}]}}");
        JsonObject patch =
                Samples.json(
                        "{'status':{'$setElementOrder/conditions':[{'type':'Ready'}],"
                                + "'conditions':[{'type':'Ready','status':'True'}]}}");
        assertThat(pods.strategicMerge(current, patch))
                .isEqualTo(
                        Samples.json(
                                "{'status':{'conditions':[{'type':'Ready','status':'True'},"
                                        + "{'type':'Other','status':'True'}]}}"));
    }

    @Test
    void whatKubectlApplySendsForAChangedImageGivesTheChangedImage() {
        JsonObject current = Samples.soundDeployment().json();
        JsonObject patch =
                Samples.json(
                        "{'metadata':{'annotations':{'kubectl.kubernetes.io/last-applied-configuration':'{}'}},"
                            + "'spec':{'template':{'spec':{'$setElementOrder/containers':"
                            + "[{'name':'c'}],'containers':[{'image':'nginx:2','name':'c'}]}}}}");
        JsonObject result = deployments.strategicMerge(current, patch);
        assertThat(result.object("spec", "template", "spec").array("containers"))
                .isEqualTo(Samples.any("[{'name':'c','image':'nginx:2'}]"));
        assertThat(result.object("spec", "selector", "matchLabels").text("app")).isEqualTo("web");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'containers':[{'image':'x'}]}|does not contain declared merge key: name",
                "{'containers':['x']}|must be objects with the merge key name",
                "{'nodeSelector':{'$patch':'explode'}}|unknown patch type 'explode' in map",
                "{'containers':[{'name':'a','$patch':'merge'}]}"
                        + "|merging lists cannot yet be specified in the patch",
                "{'volumes':[{'name':'v','$retainKeys':['name'],'emptyDir':{}}]}"
                        + "|invalid patch format of retainKeys",
                "{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}],"
                        + "'containers':[{'name':'a'},{'name':'b'}]}"
                        + "|doesn't match its $setElementOrder/containers list",
                "{'$setElementOrder/containers':'x'}|expected a list"
            })
    void refusesMalformedPatches(String patch, String message) {
        assertThatThrownBy(
                        () ->
                                spec(
                                        "{'containers':[{'name':'a'}],'volumes':[{'name':'v'}],"
                                                + "'nodeSelector':{'a':'b'}}",
                                        patch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void longListsTakeNoLongTime() {
        StringBuilder items = new StringBuilder("{'name':'a'}");
        for (int i = 0; i < 40_000; i++) {
            items.append(",{'name':'n").append(i).append("'}");
        }
        String list = "{'containers':[" + items + "]}";
        JsonObject result =
                assertTimeoutPreemptively(
                        java.time.Duration.ofSeconds(20),
                        () ->
                                spec(
                                        list,
                                        "{'$setElementOrder/containers':["
                                                + items
                                                + "],'containers':["
                                                + items
                                                + "]}"));
        assertThat(result).isEqualTo(Samples.json(list));
    }
}
