// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatewaySetTest {
    private static String set(String bundle, String configurations) {
        return "{\"format\": 1, \"features\": [\"dev.wayside:base:1\"], \"bundles\": ["
                + bundle
                + "], \"configurations\": {"
                + configurations
                + "}}";
    }

    @Test
    void readsBundlesAndTypedConfigurations() {
        GatewaySet set =
                GatewaySet.parse(
                        set(
                                "{\"id\": \"g:a:1\", \"file\": \"bundles/a-1.jar\", \"digest\":"
                                        + " \"sha256:00\", \"startLevel\": 2}",
                                "\"some.Pid\": {\"port:Integer\": 9443, \"name\": \"x\","
                                        + " \"hosts:String[]\": [\"a\", \"b\"], \"on\": true,"
                                        + " \"ratio:Double\": 1}"));
        assertThat(set.bundles())
                .containsExactly(new GatewaySet.Bundle("g:a:1", "bundles/a-1.jar", "sha256:00", 2));
        assertThat(set.configurations().get("some.Pid"))
                .containsEntry("port", 9443)
                .containsEntry("name", "x")
                .containsEntry("on", true)
                .containsEntry("ratio", 1.0)
                .containsEntry("hosts", new String[] {"a", "b"});
    }

    @Test
    void refusesAFormatThatItDoesNotKnow() {
        assertThatThrownBy(() -> GatewaySet.parse("{\"format\": 2}"))
                .hasMessage("the set has format 2, this runtime reads format 1");
    }

    @Test
    void refusesABundleOutsideItsHome() {
        for (String file : new String[] {"../x.jar", "/x.jar", "bundles/../../x.jar"}) {
            assertThatThrownBy(
                            () ->
                                    GatewaySet.parse(
                                            set(
                                                    "{\"id\": \"g:a:1\", \"file\": \""
                                                            + file
                                                            + "\", \"digest\": \"d\","
                                                            + " \"startLevel\": 1}",
                                                    "")))
                    .hasMessageContaining("not below the gateway's home");
        }
    }

    @Test
    void namesThePropertyWhoseValueDoesNotFitItsType() {
        assertThatThrownBy(
                        () ->
                                GatewaySet.parse(
                                        set("", "\"some.Pid\": {\"port:Integer\": \"many\"}")))
                .hasMessage("configuration some.Pid, property port: many is no whole number");
    }

    @Test
    void namesTheFileThatIsNoSet(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("set.json"), "{");
        assertThatThrownBy(() -> GatewaySet.read(file)).hasMessageContaining("set.json: line 1");
    }
}
