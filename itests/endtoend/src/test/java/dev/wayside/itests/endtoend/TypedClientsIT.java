// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Commands that send their objects as protobuf, and do not fall back to JSON. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TypedClientsIT {
    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(0, 1);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    @Test
    void whatKubectlCreatesIsThere() throws Exception {
        for (String command :
                List.of(
                        "namespace shop",
                        "configmap c -n shop --from-literal=a=ü€",
                        "secret generic s -n shop --from-literal=a=b",
                        "serviceaccount robot -n shop",
                        "deployment d -n shop --image=x:1 --replicas=0")) {
            assertThat(wayside.kubectl(("create " + command).split(" ")).ok()).contains("created");
        }
        assertThat(one("configmap", "c").json().text("data", "a")).isEqualTo("ü€");
        assertThat(one("secret", "s").json().text("data", "a")).isEqualTo("Yg==");
        assertThat(one("serviceaccount", "robot").name()).isEqualTo("robot");
        KubeObject deployment = one("deployment", "d");
        assertThat(deployment.spec().number("replicas")).hasValue(0);
        assertThat(deployment.labels()).containsEntry("app", "d");
        assertThat(
                        deployment
                                .spec()
                                .object("template", "spec")
                                .array("containers")
                                .objects()
                                .get(0)
                                .text("image"))
                .isEqualTo("x:1");
        // Zeros of the wire are not values that anybody has set.
        assertThat(deployment.json().object("metadata").has("selfLink")).isFalse();
        assertThat(deployment.spec().has("minReadySeconds")).isFalse();
    }

    @Test
    void badObjectsAreRefusedAsInJson() throws Exception {
        Command.Result twice = wayside.kubectl("create", "namespace", "default");
        assertThat(twice.status()).isNotZero();
        assertThat(twice.output()).contains("AlreadyExists");
        Command.Result bad = wayside.kubectl("create", "configmap", "Bad_Name");
        assertThat(bad.status()).isNotZero();
        assertThat(bad.output()).contains("a lowercase RFC 1123 subdomain");
    }

    private KubeObject one(String kind, String name) throws Exception {
        return wayside.get(kind, name, "-n", "shop").get(0);
    }
}
