// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** A user brings a kind of their own, with kubectl; the steps build on each other. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CustomKindsIT {
    private static final String SPEC =
            """
                  spec:
                    type: object
                    description: What the pump should do.
                    required: [rate]
                    properties:
                      rate:
                        type: integer
                        minimum: 0
                        maximum: 100
                        description: Litres per minute.
                      mode:
                        type: string
                        enum: [auto, manual]
                        default: auto
                      replicas:
                        type: integer
                        default: 1
            """;
    private static final String DEFINITION =
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: pumps.plant.example.com
            spec:
              group: plant.example.com
              scope: Namespaced
              names: {plural: pumps, singular: pump, kind: Pump, shortNames: [pu], categories: [all]}
              versions:
              - name: v1
                served: true
                storage: true
                subresources:
                  status: {}
                  scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
                selectableFields: [{jsonPath: .spec.mode}]
                additionalPrinterColumns:
                - {name: Rate, type: integer, jsonPath: .spec.rate}
                - {name: Mode, type: string, jsonPath: .spec.mode, priority: 1}
                - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
                schema:
                  openAPIV3Schema:
                    type: object
                    description: A pump of the plant.
                    properties:
            %1$s
                      status:
                        type: object
                        properties:
                          replicas: {type: integer}
            %2$s
            """;
    private static final String NEXT =
            """
              - name: v2
                served: true
                storage: false
                deprecated: true
                schema:
                  openAPIV3Schema:
                    type: object
                    properties:
            %1$s
            """;
    private static final String PUMP =
            """
            apiVersion: plant.example.com/v1
            kind: Pump
            metadata: {name: north}
            spec: {rate: 40}
            """;

    private Installation wayside;

    private static String definition(boolean next) {
        String indented = SPEC.indent(4).stripTrailing();
        return DEFINITION.formatted(indented, next ? NEXT.formatted(indented) : "");
    }

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(1, 1);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    @Test
    @Order(1)
    void theKindIsThereOnceTheDefinitionIsEstablished() throws Exception {
        wayside.apply(definition(false));
        wayside.kubectl(
                        "wait",
                        "--for=condition=Established",
                        "--timeout=20s",
                        "crd/pumps.plant.example.com")
                .ok();
        assertThat(wayside.kubectl("get", "crd").ok())
                .contains("CREATED AT", "pumps.plant.example.com");
        assertThat(wayside.kubectl("api-resources", "--api-group=plant.example.com").ok())
                .contains("pumps", "pu", "plant.example.com/v1", "Pump");
        assertThat(wayside.kubectl("explain", "pump.spec").ok())
                .contains("What the pump should do.", "rate", "Litres per minute.", "-required-");
        assertThat(wayside.kubectl("explain", "pump.spec.mode").ok()).contains("auto", "manual");
    }

    @Test
    @Order(2)
    void itsObjectsAreMadeSeenChangedAndScaled() throws Exception {
        wayside.apply(PUMP);
        wayside.apply(PUMP);
        assertThat(wayside.kubectl("get", "pumps").ok())
                .contains("NAME", "RATE", "AGE", "north", "40");
        assertThat(wayside.kubectl("get", "pu", "-o", "wide").ok()).contains("MODE", "auto");
        assertThat(wayside.kubectl("get", "all").ok()).contains("pump.plant.example.com/north");
        wayside.kubectl("patch", "pump", "north", "--type=merge", "-p", "{\"spec\":{\"rate\":55}}")
                .ok();
        wayside.kubectl("scale", "pump", "north", "--replicas=3").ok();
        wayside.kubectl(
                        "patch",
                        "pump",
                        "north",
                        "--subresource=status",
                        "--type=merge",
                        "-p",
                        "{\"status\":{\"replicas\":2}}")
                .ok();
        KubeObject pump = wayside.get("pump", "north").get(0);
        assertThat(pump.spec().toJson())
                .contains("\"rate\":55", "\"replicas\":3", "\"mode\":\"auto\"");
        assertThat(pump.status().number("replicas")).hasValue(2);
        assertThat(pump.generation()).isEqualTo(3);
        assertThat(wayside.get("pumps", "--field-selector=spec.mode=auto")).hasSize(1);
        assertThat(wayside.get("pumps", "--field-selector=spec.mode=manual")).isEmpty();
        assertThat(wayside.kubectl("describe", "pump", "north").ok()).contains("Rate:", "55");
    }

    @Test
    @Order(3)
    void whatDoesNotFitTheSchemaIsRefusedWithThePlace() throws Exception {
        assertThat(refused(PUMP.replace("rate: 40", "rate: 400")))
                .contains("spec.rate", "should be less than or equal to 100");
        assertThat(refused(PUMP.replace("rate: 40", "rate: fast")))
                .contains(
                        "spec.rate: Invalid value: \"string\": spec.rate in body must be of type"
                                + " integer: \"string\"");
        assertThat(refused(PUMP.replace("rate: 40", "mode: auto")))
                .contains("spec.rate: Required value");
        assertThat(refused(PUMP.replace("rate: 40", "rate: 4, mode: sleepy")))
                .contains("Unsupported value: \"sleepy\": supported values: \"auto\", \"manual\"");
        assertThat(refused(PUMP.replace("rate: 40", "rate: 4, colour: red")))
                .contains("strict decoding error: unknown field \"spec.colour\"");
        Command.Result strategic =
                wayside.kubectl("patch", "pump", "north", "-p", "{\"spec\":{\"rate\":1}}");
        assertThat(strategic.status()).isNotZero();
        assertThat(strategic.output()).contains("application/merge-patch+json");
    }

    private String refused(String manifest) throws Exception {
        Path file = Files.createTempFile(wayside.data(), "bad-", ".yaml");
        Files.writeString(file, manifest.replace("north", "south"));
        Command.Result result = wayside.kubectl("apply", "-f", file.toString());
        assertThat(result.status()).as(result.output()).isNotZero();
        return result.output();
    }

    @Test
    @Order(4)
    void theKindAndItsObjectsSurviveTheConnector() throws Exception {
        wayside.cutConnector();
        wayside.up(1, 1);
        assertThat(wayside.kubectl("get", "pump", "north", "-o", "jsonpath={.spec.rate}").ok())
                .isEqualTo("55");
    }

    @Test
    @Order(5)
    void anUpgradeBringsAnotherVersionOfTheSameObjects() throws Exception {
        wayside.apply(definition(true));
        // kubectl remembers which versions there were; this asks anew.
        wayside.kubectl("api-resources", "--api-group=plant.example.com").ok();
        assertThat(wayside.kubectl("get", "pumps.v2.plant.example.com", "north", "-o", "yaml").ok())
                .contains(
                        "apiVersion: plant.example.com/v2",
                        "rate: 55",
                        "Warning: plant.example.com/v2 Pump is deprecated");
        assertThat(wayside.kubectl("get", "pumps.v1.plant.example.com", "-o", "yaml").ok())
                .contains("apiVersion: plant.example.com/v1", "rate: 55")
                .doesNotContain("deprecated");
    }

    @Test
    @Order(6)
    void withTheDefinitionTheObjectsGo() throws Exception {
        wayside.kubectl("delete", "crd", "pumps.plant.example.com", "--timeout=30s").ok();
        // By its full name: kubectl remembers for a while which kinds there were.
        Command.Result gone = wayside.kubectl("get", "pumps.v1.plant.example.com");
        assertThat(gone.status()).isNotZero();
        assertThat(gone.output()).contains("the server could not find the requested resource");
        wayside.apply(definition(false));
        wayside.kubectl(
                        "wait",
                        "--for=condition=Established",
                        "--timeout=20s",
                        "crd/pumps.plant.example.com")
                .ok();
        assertThat(wayside.get("pumps.v1.plant.example.com")).isEmpty();
        wayside.kubectl("delete", "crd", "pumps.plant.example.com", "--timeout=30s").ok();
    }
}
