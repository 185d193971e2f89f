// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.schema.KindDefinition.FieldError;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;

/** Objects for the tests, in JSON with single quotes. */
final class Samples {
    static final Kinds KINDS = new BuiltInKinds();

    private Samples() {}

    static KindDefinition kind(ResourceType type) {
        return KINDS.byQualified(type.qualified()).orElseThrow();
    }

    static JsonObject json(String text) {
        return (JsonObject) any(text);
    }

    static Json any(String text) {
        try {
            return Json.parse(text.replace('\'', '"'));
        } catch (JsonException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    static KubeObject object(String text) {
        return new KubeObject(json(text));
    }

    /** A pod with one container; the members go into its spec. */
    static KubeObject pod(String specMembers) {
        return object(
                "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'default'},"
                        + "'spec':{'containers':[{'name':'c','image':'nginx:1'}]"
                        + (specMembers.isEmpty() ? "" : "," + specMembers)
                        + "}}");
    }

    /** A pod whose one container has these members too. */
    static KubeObject podWithContainer(String containerMembers) {
        return object(
                "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'default'},"
                        + "'spec':{'containers':[{'name':'c','image':'nginx:1',"
                        + containerMembers
                        + "}]}}");
    }

    static final String TEMPLATE =
            "{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c','image':'nginx'}]}}";

    static KubeObject deployment(String specMembers) {
        return object(
                "{'apiVersion':'apps/v1','kind':'Deployment',"
                        + "'metadata':{'name':'web','namespace':'default'},'spec':{"
                        + specMembers
                        + "}}");
    }

    static KubeObject soundDeployment() {
        return deployment("'selector':{'matchLabels':{'app':'web'}},'template':" + TEMPLATE);
    }

    static KubeObject grid(String specMembers) {
        return object(
                "{'apiVersion':'superedge.io/v1','kind':'DeploymentGrid',"
                        + "'metadata':{'name':'web','namespace':'default'},'spec':{"
                        + specMembers
                        + "}}");
    }

    /** What is wrong with a new object, defaults filled in, as {@code field: message}. */
    static List<String> wrongWith(ResourceType type, KubeObject object) {
        KindDefinition kind = kind(type);
        return texts(kind.validateCreate(kind.withDefaults(object)));
    }

    static List<String> wrongWithChange(
            ResourceType type, KubeObject before, KubeObject after, String subresource) {
        KindDefinition kind = kind(type);
        return texts(
                kind.validateUpdate(
                        kind.withDefaults(before), kind.withDefaults(after), subresource));
    }

    private static List<String> texts(List<FieldError> errors) {
        return errors.stream().map(error -> error.field() + ": " + error.message()).toList();
    }
}
