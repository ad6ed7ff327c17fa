@MP107 @requirement-1
Feature: Only a Network Operator replacing the Network Operator's certificate is exempt from the registration check
  Nothing else changes with MP107: other Service Requests, and SRV 6.15.1 from a Supplier or anybody else, are
  checked as before, and the exceptions there were before stay. A refusal by the DSP is synchronous: the S1SP
  never sees the request.

  @MP107-T10 @FIA-5.2 @FIA-4.1 @severity-blocker
  Scenario Outline: The registered Supplier may not replace the Network Operator's certificate with SRV 6.15.1
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the Supplier sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP rejects the request
    And no slot has changed
    And nothing came from <s1sp> about the request
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T11 @FIA-5.2 @severity-critical
  Scenario Outline: A role that may not send SRV 6.15.1 is rejected by the DSP
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When <sender> sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP rejects the request because the role may not send it
    And no slot has changed
    And nothing came from <s1sp> about the request

    Examples:
      | s1sp  | device_type | sender                        |
      | S1SP1 | ESME        | the Export Supplier           |
      | S1SP1 | ESME        | the Registered Supplier Agent |
      | S1SP1 | ESME        | the Other User                |
      | S1SP1 | GPF         | the Registered Supplier Agent |
      | S1SP1 | GPF         | the Other User                |
      | S1SP2 | ESME        | the Export Supplier           |
      | S1SP2 | ESME        | the Registered Supplier Agent |
      | S1SP2 | ESME        | the Other User                |
      | S1SP2 | GPF         | the Registered Supplier Agent |
      | S1SP2 | GPF         | the Other User                |
      | S1SP3 | ESME        | the Export Supplier           |
      | S1SP3 | ESME        | the Registered Supplier Agent |
      | S1SP3 | ESME        | the Other User                |
      | S1SP3 | GPF         | the Registered Supplier Agent |
      | S1SP3 | GPF         | the Other User                |

  @MP107-T12 @FIA-4.2.1 @severity-critical
  Scenario Outline: The registered Supplier still replaces its own certificate with SRV 6.15.1
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    When the Supplier sends SRV 6.15.1 renewing its own certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the Supplier as the new party
    And the answer's replacement mode is SupplierBySupplier
    And SRV 6.24.1 by the Supplier shows the renewed certificates in the Supplier slot
    And the Network Operator slot has not changed

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T13 @FIA-4.1 @FIA-4.2.1 @SRPD-6.1f @severity-critical
  Scenario Outline: A Supplier that is not registered for the device is not eligible
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When another Supplier sends SRV 6.15.1 placing its own certificate in the Supplier slot
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T14 @FIA-4.2.1 @SRPD-6.1f @severity-critical
  Scenario Outline: Any other Service Request of the incorrect Network Operator is still checked against registration
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV <srv>
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request
    When the correct Network Operator sends SRV <srv>
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success

    Examples:
      | s1sp  | device_type | srv    |
      | S1SP1 | ESME        | 4.1.1  |
      | S1SP1 | ESME        | 4.10   |
      | S1SP1 | ESME        | 6.24.1 |
      | S1SP1 | GPF         | 4.1.1  |
      | S1SP1 | GPF         | 4.10   |
      | S1SP1 | GPF         | 6.24.1 |
      | S1SP2 | ESME        | 4.1.1  |
      | S1SP2 | ESME        | 4.10   |
      | S1SP2 | ESME        | 6.24.1 |
      | S1SP2 | GPF         | 4.1.1  |
      | S1SP2 | GPF         | 4.10   |
      | S1SP2 | GPF         | 6.24.1 |
      | S1SP3 | ESME        | 4.1.1  |
      | S1SP3 | ESME        | 4.10   |
      | S1SP3 | ESME        | 6.24.1 |
      | S1SP3 | GPF         | 4.1.1  |
      | S1SP3 | GPF         | 4.10   |
      | S1SP3 | GPF         | 6.24.1 |

  @MP107-T15 @SRPD-6.2d @FIA-4.2.1 @FIA-4.5.1 @severity-critical
  Scenario Outline: A Network Operator may not replace the Supplier's certificate
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When <sender> sends SRV 6.15.1 placing another Supplier's certificate in the Supplier slot
    Then the request is rejected by the DSP or by the owner check of <s1sp>
    And no slot has changed
    And the reading of the exemption that the target shows is recorded

    Examples:
      | s1sp  | device_type | sender                         |
      | S1SP1 | ESME        | the correct Network Operator   |
      | S1SP1 | ESME        | the incorrect Network Operator |
      | S1SP1 | GPF         | the correct Network Operator   |
      | S1SP1 | GPF         | the incorrect Network Operator |
      | S1SP2 | ESME        | the correct Network Operator   |
      | S1SP2 | ESME        | the incorrect Network Operator |
      | S1SP2 | GPF         | the correct Network Operator   |
      | S1SP2 | GPF         | the incorrect Network Operator |
      | S1SP3 | ESME        | the correct Network Operator   |
      | S1SP3 | ESME        | the incorrect Network Operator |
      | S1SP3 | GPF         | the correct Network Operator   |
      | S1SP3 | GPF         | the incorrect Network Operator |

  @MP107-T16 @SRPD-6.2a @FIA-4.3 @severity-critical
  Scenario Outline: The Import Supplier on the Communications Hub Function still joins a gas meter to the Gas Proxy Function
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    When another Import Supplier sends SRV <srv> joining it with the GSME of its premises
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request
    When the Import Supplier on its Communications Hub Function sends SRV <srv> joining it with the GSME of its premises
    Then the DSP acknowledges the request
    And <s1sp> does not reject the request because of Registration Data
    And no slot has changed

    Examples:
      | s1sp  | device_type | srv   |
      | S1SP1 | GPF         | 8.7.1 |
      | S1SP1 | GPF         | 8.7.2 |
      | S1SP2 | GPF         | 8.7.1 |
      | S1SP2 | GPF         | 8.7.2 |
      | S1SP3 | GPF         | 8.7.1 |
      | S1SP3 | GPF         | 8.7.2 |

  @MP107-T17 @SRPD-6.2b @FIA-4.3 @severity-critical
  Scenario Outline: The Import Supplier on the Communications Hub Function still restores the log of the Gas Proxy Function
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    When another Import Supplier sends SRV 8.12.2 restoring its Device Log
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request
    When the Import Supplier on its Communications Hub Function sends SRV 8.12.2 restoring its Device Log
    Then the DSP acknowledges the request
    And <s1sp> does not reject the request because of Registration Data
    And no slot has changed

    Examples:
      | s1sp  | device_type |
      | S1SP1 | GPF         |
      | S1SP2 | GPF         |
      | S1SP3 | GPF         |

  @MP107-T18 @SRPD-6.2c @FIA-4.3 @severity-critical
  Scenario Outline: An Other User is still eligible without a registration
    # Join Service (Non-Critical) is open to Suppliers and to Other Users.
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    When another Supplier sends SRV 8.7.2 joining it with the PPMID of its premises
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request
    When the Other User sends SRV 8.7.2 joining it with the PPMID of its premises
    Then the DSP acknowledges the request
    And <s1sp> does not reject the request because of Registration Data
    And no slot has changed

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T19 @DP107 @SRPD-6.1f @severity-critical
  Scenario Outline: A sender must be registered at the time for which a Service Request is to be carried out
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    And the registration of the Supplier ends in two days
    When the Supplier sends SRV 4.1.1 to be carried out in three days
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request
    When the Supplier sends SRV 4.1.1 to be carried out tomorrow
    Then the DSP acknowledges the request
    And no slot has changed

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T24 @DP107 @SRPD-6.1f @severity-critical
  Scenario Outline: A sender must be registered for all of the time that it asks about
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    And the registration of the Supplier began two days ago
    When the Supplier sends SRV 4.10 for the last three days
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request
    When the Supplier sends SRV 4.10 for yesterday
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success
    And no slot has changed

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |
